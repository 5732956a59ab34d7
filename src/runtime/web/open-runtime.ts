import { UserError } from '../../error.ts';
import { type Runtime, runtimeOver } from '../runtime.ts';
import { connectWorker, type WorkerLike } from './connect-worker.ts';
import type { WebDevice } from './open-executor.ts';

/** A runtime in a worker of a browser. */
export interface WebRuntime extends Runtime {
  readonly device: WebDevice;
  /**
   * Makes bytes known as the source `name` of weights. They are copied to the worker unless their buffer is a
   * `SharedArrayBuffer`.
   */
  addSource(name: string, bytes: Uint8Array): Promise<void>;
}

export interface WebRuntimeOptions {
  readonly device?: WebDevice | undefined;
  /** Default: half of the processors; 1 in a page that is not cross-origin isolated. */
  readonly threads?: number | undefined;
  /** Starts the worker; needed where the bundler does not know `new Worker(new URL(...))`. */
  readonly createWorker?: (() => WorkerLike) | undefined;
  /** Address of the folder with onnxruntime's `.wasm` and `.mjs` files; next to the worker unless given. */
  readonly wasmPaths?: string | undefined;
  /** Ends the worker at once; requests on their way fail with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What is used of a browser. */
interface Browser {
  readonly Worker: new (url: URL, options: { readonly type: 'module' }) => WorkerLike;
  readonly crossOriginIsolated?: boolean;
  readonly navigator: { readonly hardwareConcurrency?: number };
}

/**
 * Starts a worker with onnxruntime. The caller closes it.
 * @throws UserError when onnxruntime does not start, or several threads are requested in a page that may not have them
 */
export async function openRuntime(options: WebRuntimeOptions = {}): Promise<WebRuntime> {
  const { device = 'wasm', wasmPaths, signal } = options;
  const { Worker, crossOriginIsolated, navigator } = globalThis as unknown as Browser;
  if ((options.threads ?? 1) > 1 && !crossOriginIsolated) {
    throw new UserError('this page may use one thread only', {
      option: 'threads',
      value: options.threads,
      remedy: 'serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp',
    });
  }
  const usual = crossOriginIsolated ? Math.max(1, Math.ceil((navigator.hardwareConcurrency ?? 1) / 2)) : 1;
  const threads = options.threads ?? usual;
  const worker = options.createWorker?.() ?? new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  const connection = await connectWorker(worker, { device, threads, wasmPaths }, signal);
  return {
    ...runtimeOver(connection),
    device,
    async addSource(name, bytes) {
      await connection.ask(`sending ${name}`, { kind: 'source', name, bytes });
    },
  };
}
