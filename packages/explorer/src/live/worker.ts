/** @file Computes Live away from the page, which stays free: the model, its tokenizer, and a worker with onnxruntime. */
import { type Lab, openLab } from '../../../../src/explore/live/lab.ts';
import type { LiveEvent } from '../../../../src/explore/live/wire.ts';
import {
  computePrefix,
  loadModel,
  openRuntime,
  openTokenizer,
  releasePrefix,
  UserError,
  type WebRuntime,
} from '../../../../src/web.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { isModelKept, openPageModel } from './open-model.ts';

interface Opened {
  readonly lab: Lab;
  readonly runtime: WebRuntime;
}

let asked: Extract<ToWorker, { kind: 'open' }>;
let opened: Promise<Opened> | undefined;
/** Told of the model while it is opened. */
let tellOpening: (event: LiveEvent) => void = () => undefined;
let current: AbortController | undefined;
let last: Promise<unknown> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case 'open':
      asked = data;
      return;
    case 'prepare':
      prepare();
      return;
    case 'cancel':
      current?.abort(new UserError('cancelled'));
      return;
    case 'compute': {
      current?.abort(new UserError('cancelled'));
      const controller = new AbortController();
      current = controller;
      last = last.then(() => compute(data, controller.signal));
    }
  }
};

/** The model, opened when it is needed, and again after a failure. */
function openOnce(): Promise<Opened> {
  opened ??= openModel(asked, event => tellOpening(event)).catch(error => {
    opened = undefined;
    throw error;
  });
  return opened;
}

async function prepare(): Promise<void> {
  try {
    if (!(await isModelKept(asked.model, asked.base))) return;
    await openOnce();
    postMessage({ kind: 'ready' } satisfies FromWorker);
  } catch {
    // The first request tries again and tells the reason.
  }
}

async function compute({ call, request }: Extract<ToWorker, { kind: 'compute' }>, signal: AbortSignal): Promise<void> {
  const tell = (event: LiveEvent) => postMessage({ kind: 'event', call, event } satisfies FromWorker);
  try {
    signal.throwIfAborted();
    tellOpening = tell;
    const { lab, runtime } = await openOnce();
    signal.throwIfAborted();
    const begun = performance.now();
    await lab.answer(request, {
      signal,
      onProgress: progress => tell({ kind: 'progress', ...progress }),
      onPart: answer => tell({ kind: 'part', answer }),
    });
    const seconds = (performance.now() - begun) / 1000;
    tell({ kind: 'done', seconds, device: runtime.device, threads: runtime.threads });
  } catch (error) {
    const { message } = error as Error;
    tell({ kind: 'failed', message: error instanceof UserError ? message : wordsOf(message) });
    // After a failure of the engine everything is opened anew.
    const crashed = (await opened?.catch(() => undefined))?.runtime.crash() !== undefined;
    if (!signal.aborted && (crashed || !(error instanceof UserError))) opened = undefined;
  }
}

async function openModel(
  { model, base, device }: Extract<ToWorker, { kind: 'open' }>,
  tell: (event: LiveEvent) => void,
): Promise<Opened> {
  const onProgress = (stage: string, done: number, total: number) => tell({ kind: 'progress', stage, done, total });
  onProgress('starting onnxruntime', 0, 1);
  // Processors are counted with their second threads: half of them compute, but two where there are only two.
  const threads = crossOriginIsolated
    ? Math.min(navigator.hardwareConcurrency, Math.max(2, navigator.hardwareConcurrency / 2))
    : 1;
  const starting = openRuntime({ device, threads: Math.floor(threads) });
  try {
    const [{ checkpoint, tokenizer }, runtime] = await Promise.all([openPageModel(model, base, onProgress), starting]);
    onProgress('loading the model', 0, 1);
    const loaded = await loadModel(checkpoint, runtime, { graphs: ['prefix', 'observation', 'gradient'] });
    // The first run opens the session in the other worker; the vocabulary is read here meanwhile.
    const [encoder] = await Promise.all([
      openTokenizer(tokenizer),
      computePrefix(loaded, [0], loaded.pretrained).then(prefix => releasePrefix(loaded, prefix)),
    ]);
    return { lab: openLab(loaded, encoder), runtime };
  } catch (error) {
    await starting.then(
      runtime => runtime.close(),
      () => undefined,
    );
    throw error;
  }
}

/** Failures of the browser, with what to do. */
function wordsOf(message: string): string {
  if (/bad_alloc|out of memory|allocation failed/i.test(message)) {
    return 'The browser has too little memory for this model. Close other tabs, or compute on this machine.';
  }
  if (/device.*lost|lost.*device/i.test(message)) {
    return 'The graphics processor was lost. Compute again, or choose WebAssembly.';
  }
  return message;
}
