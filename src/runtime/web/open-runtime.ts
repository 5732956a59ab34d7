import { UserError } from '../../error.ts';
import type { SentSource } from '../protocol.ts';
import { type Runtime, runtimeOver } from '../runtime.ts';
import { connectWorker, type WorkerLike } from './connect-worker.ts';
import type { WebDevice } from './open-executor.ts';

/** A runtime in a worker of a browser. */
export interface WebRuntime extends Runtime {
  readonly device: WebDevice;
  /**
   * Makes bytes known as a source of weights. An array is copied to the worker, a `Blob` is not; of
   * an address the worker requests what it reads.
   */
  addSource(source: SentSource): Promise<void>;
}

export interface WorkerOptions {
  readonly device?: WebDevice | undefined;
  /** Default: half of the processors; 1 in a page that is not cross-origin isolated. */
  readonly threads?: number | undefined;
  /** Starts the worker. */
  readonly createWorker: () => WorkerLike;
  /** Address of the folder with onnxruntime's `.wasm` and `.mjs` files; next to the worker unless given. */
  readonly wasmPaths?: string | undefined;
  /** Ends the worker at once; requests on their way fail with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What is used of a browser. */
interface Browser {
  readonly crossOriginIsolated?: boolean;
  readonly navigator: { readonly hardwareConcurrency?: number };
}

/**
 * Starts onnxruntime in a worker. The caller closes it.
 * @throws UserError when onnxruntime does not start, or several threads are requested in a page that may not have them
 */
export async function openRuntimeIn(options: WorkerOptions): Promise<WebRuntime> {
  const { device = 'wasm', wasmPaths, signal } = options;
  const { crossOriginIsolated, navigator } = globalThis as unknown as Browser;
  if ((options.threads ?? 1) > 1 && !crossOriginIsolated) {
    throw new UserError('this page may use one thread only', {
      option: 'threads',
      value: options.threads,
      remedy: 'serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp',
    });
  }
  const usual = crossOriginIsolated ? Math.max(1, Math.ceil((navigator.hardwareConcurrency ?? 1) / 2)) : 1;
  const threads = options.threads ?? usual;
  const connection = await connectWorker(options.createWorker(), { device, threads, wasmPaths }, signal);
  return {
    ...runtimeOver(connection),
    device,
    async addSource(source) {
      await connection.ask(`sending ${source.name}`, { kind: 'source', ...source });
    },
  };
}
