import { UserError } from '../../error.ts';
import { createCalls } from '../calls.ts';
import type { Connection } from '../connection.ts';
import type { Call, Reply, TensorData } from '../protocol.ts';
import type { WebEngineOptions } from './open-executor.ts';

/** What is used of a `Worker`. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
}

/**
 * Starts the engine in a worker and waits until it is ready.
 * @throws UserError when onnxruntime does not start in this browser; the reason of `signal` when it is aborted
 */
export async function connectWorker(
  worker: WorkerLike,
  options: WebEngineOptions,
  signal?: AbortSignal,
): Promise<Connection> {
  signal?.throwIfAborted();
  const calls = createCalls({
    send: call => worker.postMessage(compact(call)),
    unusable: message =>
      new UserError(`onnxruntime does not start on ${options.device} in this browser: ${message.split('\n')[0]}`),
  });
  worker.onmessage = ({ data }) => calls.receive(data as Reply);
  worker.onerror = ({ message = 'an error in the worker' }) => {
    calls.endByCrash({ cause: message, stderr: '' });
    worker.terminate();
  };
  const abort = () => end(() => signal!.reason as Error);
  function end(error: () => Error): void {
    signal?.removeEventListener('abort', abort);
    calls.end(error);
    worker.terminate();
  }
  const close = async () => end(() => new Error('the runtime is closed'));
  signal?.addEventListener('abort', abort, { once: true });
  worker.postMessage(options);
  try {
    await calls.ready;
  } catch (error) {
    await close();
    throw error;
  }
  const { ask, crash } = calls;
  return {
    device: options.device,
    threads: options.threads,
    ask,
    crash,
    memory: () => ask('measuring memory', { kind: 'memory' }),
    close,
  };
}

/** A message holds whole buffers: views of larger ones are copied. */
function compact(call: Call): Call {
  const { request } = call;
  if (request.kind === 'source' && request.bytes instanceof Uint8Array) {
    return { ...call, request: { ...request, bytes: wholeBytes(request.bytes) } };
  }
  if (request.kind === 'upload') return { ...call, request: { ...request, tensor: whole(request.tensor) } };
  if (request.kind !== 'run') return call;
  const feeds = Object.entries(request.feeds).map(([name, feed]) => [name, 'data' in feed ? whole(feed) : feed]);
  return { ...call, request: { ...request, feeds: Object.fromEntries(feeds) } };
}

function whole(tensor: TensorData): TensorData {
  return { ...tensor, data: wholeBytes(tensor.data) } as TensorData;
}

function wholeBytes<A extends Uint8Array | Float32Array | Int32Array>(array: A): A {
  return array.byteLength === array.buffer.byteLength ? array : (array.slice() as A);
}
