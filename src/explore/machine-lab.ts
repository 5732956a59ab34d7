import * as z from 'zod';
import { openCheckpoint } from '../checkpoint/open.ts';
import { UserError } from '../error.ts';
import type { Hooks } from '../hooks.ts';
import { loadModel } from '../model/loaded-model.ts';
import { deviceForModel } from '../run/device-for-model.ts';
import { type NodeRuntime, openRuntime } from '../runtime/node/open-runtime.ts';
import { openTokenizer } from '../tokenizer/tokenizer.ts';
import { type Lab, openLab } from './live/lab.ts';
import type { LiveRequest } from './live/request.ts';
import type { LiveEvent } from './live/wire.ts';
import { encodeEvent } from './live/wire.ts';
import type { Route } from './server.ts';

const labelled = z.array(z.strictObject({ text: z.string(), label: z.int().nonnegative() })).max(1000);
const liveRequest = z
  .strictObject({
    demonstrations: labelled,
    labels: z.array(z.string().min(1)).min(2).max(100),
    query: z.string().min(1),
    learningRate: z.number().positive(),
    others: labelled,
  })
  .refine(({ demonstrations, labels, others }) =>
    [...demonstrations, ...others].every(({ label }) => label < labels.length),
  );

/** Live on this machine's own engine. */
export interface MachineLab {
  /** Answers a request with a stream of events, one JSON document a line. */
  readonly route: Route;
  readonly close: () => Promise<void>;
}

/** The model is opened by the first request, and kept. Requests are answered one after the other. */
export function machineLab(modelName: string, hooks: Hooks): MachineLab {
  let opened: Promise<{ readonly lab: Lab; readonly runtime: NodeRuntime }> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function open() {
    const { offline, threads, signal } = hooks;
    const checkpoint = await openCheckpoint(modelName, { offline, signal });
    if (checkpoint.tokenizer === undefined) {
      throw new UserError(`${checkpoint.source} has no tokenizer.json next to it`, { option: 'model' });
    }
    const tokenizer = await openTokenizer(checkpoint.tokenizer);
    const device = await deviceForModel(checkpoint, hooks);
    const runtime = await openRuntime({ threads, device, signal });
    try {
      return { lab: openLab(await loadModel(checkpoint, runtime), tokenizer), runtime };
    } catch (error) {
      await runtime.close();
      throw error;
    }
  }

  async function answer(request: LiveRequest, signal: AbortSignal, tell: (event: LiveEvent) => void): Promise<void> {
    signal.throwIfAborted();
    if (opened === undefined) tell({ kind: 'progress', stage: 'opening the model', done: 0, total: 1 });
    opened ??= open();
    const { lab, runtime } = await opened.catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    const begun = performance.now();
    try {
      await lab.answer(request, {
        signal,
        onProgress: progress => tell({ kind: 'progress', ...progress }),
        onPart: part => tell({ kind: 'part', answer: part }),
      });
    } catch (error) {
      // A process that has ended holds nothing; the next request starts another.
      if (runtime.crash() !== undefined) opened = undefined;
      throw error;
    }
    const seconds = (performance.now() - begun) / 1000;
    tell({ kind: 'done', seconds, device: runtime.device, threads: runtime.threads });
  }

  const route: Route = async ({ body, signal }, { send }) => {
    let sending: Promise<void> = Promise.resolve();
    const tell = (event: LiveEvent) => {
      sending = sending.then(() => send(`${JSON.stringify(encodeEvent(event))}\n`)).catch(() => undefined);
    };
    const work = last.then(async () => {
      try {
        await answer(requestOf(body), signal, tell);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        tell({ kind: 'failed', message: error instanceof UserError ? message : `internal error: ${message}` });
      }
    });
    last = work;
    await work;
    await sending;
  };
  return {
    route,
    close: async () => {
      const found = await opened?.catch(() => undefined);
      await found?.runtime.close();
    },
  };
}

function requestOf(body: string): LiveRequest {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = undefined;
  }
  const { data, error } = liveRequest.safeParse(json);
  if (data !== undefined) return data;
  throw new UserError(`the request is damaged (${error!.issues[0]!.path.join('.')}: ${error!.issues[0]!.message})`);
}
