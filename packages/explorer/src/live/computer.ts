/** @file Where Live computes: a worker of this browser, or the server's machine. Both tell the same events. */
import type { LiveRequest } from '../../../../src/explore/live/request.ts';
import { decodeEvent, type LiveEvent } from '../../../../src/explore/live/wire.ts';
import type { PageModel } from '../../../../src/explore/page-data.ts';
import { ask } from '../site.ts';
import type { FromWorker, ToWorker } from './messages.ts';

export interface Computer {
  /** Computes; what was computed before is cancelled. Ends with the event `done` or `failed`. */
  readonly compute: (request: LiveRequest, tell: (event: LiveEvent) => void) => void;
  readonly cancel: () => void;
}

export interface BrowserComputer extends Computer {
  /** Opens the model before the first request where the browser keeps it, and tells when it is open. */
  readonly prepare: (onReady: () => void) => void;
}

const computers = new Map<string, BrowserComputer>();

/** The worker of a model, one for the whole visit: other pages leave it, with what it has computed. */
export function browserComputer(model: PageModel, device: 'wasm' | 'webgpu'): BrowserComputer {
  const key = JSON.stringify([model, device]);
  const computer = computers.get(key) ?? workerComputer(model, device);
  computers.set(key, computer);
  return computer;
}

function workerComputer(model: PageModel, device: 'wasm' | 'webgpu'): BrowserComputer {
  let worker: Worker | undefined;
  let call = 0;
  let listen: (event: LiveEvent) => void = () => undefined;
  let tellReady: () => void = () => undefined;
  const send = (message: ToWorker) => worker!.postMessage(message);
  function start(): void {
    worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === 'ready') tellReady();
      else if (data.call === call) listen(data.event);
    };
    worker.onerror = event => {
      event.preventDefault();
      worker?.terminate();
      worker = undefined;
      listen({
        kind: 'failed',
        message: `The worker ended: ${event.message ?? 'no reason was given'}. Compute again.`,
      });
    };
    send({ kind: 'open', model, base: document.baseURI, device });
  }
  return {
    prepare: onReady => {
      tellReady = onReady;
      if (worker === undefined) start();
      send({ kind: 'prepare' });
    },
    compute: (request, tell) => {
      if (worker === undefined) start();
      call++;
      listen = tell;
      send({ kind: 'compute', call, request });
    },
    cancel: () => {
      call++;
      if (worker !== undefined) send({ kind: 'cancel' });
    },
  };
}

export function machineComputer(): Computer {
  let controller: AbortController | undefined;
  async function run(request: LiveRequest, tell: (event: LiveEvent) => void, signal: AbortSignal): Promise<void> {
    const response = await ask('api/compute', { method: 'POST', body: JSON.stringify(request), signal });
    let rest = '';
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) tell(decodeEvent(JSON.parse(line)));
    }
  }
  return {
    compute: (request, tell) => {
      controller?.abort();
      controller = new AbortController();
      const { signal } = controller;
      const tellOwn = (event: LiveEvent) => {
        if (!signal.aborted) tell(event);
      };
      run(request, tellOwn, signal).catch((error: Error) => tellOwn({ kind: 'failed', message: error.message }));
    },
    cancel: () => controller?.abort(),
  };
}
