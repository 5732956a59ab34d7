import type { InferenceSession } from 'onnxruntime-web';
import { UserError } from '../../error.ts';
import { createArrayEngine, type Onnxruntime } from '../array-engine.ts';
import type { EngineSessionRequest } from '../engine.ts';
import { createExecutor, type Executor } from '../executor.ts';
import type { Location } from '../protocol.ts';
import { readTensor } from '../read-tensor.ts';
import { watchMemory } from './memory.ts';

/** What a browser can compute on. */
export type WebDevice = 'wasm' | 'webgpu';

export interface WebEngineOptions {
  readonly device: WebDevice;
  readonly threads: number;
  /** Address of the folder with onnxruntime's `.wasm` and `.mjs` files; next to the worker unless given. */
  readonly wasmPaths?: string | undefined;
}

/**
 * The executor in a worker, with onnxruntime's WebAssembly build, alone or with its WebGPU provider.
 * Sources are bytes in memory.
 */
export async function openExecutor({ device, threads, wasmPaths }: WebEngineOptions): Promise<Executor> {
  const memory = watchMemory();
  const { env, InferenceSession, Tensor } =
    device === 'webgpu' ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm');
  env.logLevel = 'error';
  env.wasm.numThreads = threads;
  if (wasmPaths !== undefined) env.wasm.wasmPaths = wasmPaths;
  const sources = new Map<string, Uint8Array>();
  const bytesOf = (name: string): Uint8Array => {
    const bytes = sources.get(name);
    if (bytes === undefined) throw new UserError(`${name}: there is no source of this name`);
    return bytes;
  };
  const sessionOptions = (request: EngineSessionRequest): InferenceSession.SessionOptions => ({
    executionProviders: [device],
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    logSeverityLevel: 3,
    externalData: request.sources.map(name => ({
      path: name.slice(request.weightsRoot?.length ?? 0),
      data: bytesOf(name),
    })),
    extra: { session: { disable_prepacking: request.prepack ? '0' : '1' } },
  });
  const options = {
    ort: { InferenceSession, Tensor } as unknown as Onnxruntime,
    sessionOptions,
    read: async (location: Location) => {
      const bytes = bytesOf(location.file);
      return readTensor(location, (target, offset) => {
        const part = bytes.subarray(offset, offset + target.length);
        if (part.length < target.length) {
          throw new UserError(`${location.file}: ends before the last byte of tensor ${location.name}`);
        }
        target.set(part);
      });
    },
    addSource: (name: string, bytes: Uint8Array) => {
      sources.set(name, bytes);
    },
    memory,
  };
  if (device === 'webgpu') {
    // Its helper graphs need the encoder, which WebAssembly does not.
    const { createWebgpuEngine } = await import('../webgpu-engine.ts');
    return createExecutor(createWebgpuEngine(options));
  }
  // An output array that is given silently stays as it is.
  return createExecutor(createArrayEngine({ ...options, writesInto: false }));
}
