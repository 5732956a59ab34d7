import type { InferenceSession } from 'onnxruntime-web';
import { UserError } from '../../error.ts';
import { createArrayEngine, type Onnxruntime } from '../array-engine.ts';
import type { EngineSessionRequest } from '../engine.ts';
import { createExecutor, type Executor } from '../executor.ts';
import type { Location, SentSource } from '../protocol.ts';
import { readTensor } from '../read-tensor.ts';
import { watchMemory } from './memory.ts';
import { shareWeights } from './share-weights.ts';
import { smallestModel } from './smallest-model.ts';
import { arrayOf, type Source, sourceOf } from './sources.ts';

/** What a browser can compute on. */
export type WebDevice = 'wasm' | 'webgpu';

export interface WebEngineOptions {
  readonly device: WebDevice;
  readonly threads: number;
  /** Address of the folder with onnxruntime's `.wasm` and `.mjs` files; next to the worker unless given. */
  readonly wasmPaths?: string | undefined;
}

/** The weights of a packed file as float32. */
export type Unpack = (name: string, packed: Source) => Promise<Source>;

/**
 * The executor in a worker, with onnxruntime's WebAssembly build, alone or with its WebGPU provider.
 * Bytes of sources are read when they are needed.
 */
export async function openExecutor(
  { device, threads, wasmPaths }: WebEngineOptions,
  unpack: Unpack,
): Promise<Executor> {
  const memory = watchMemory();
  const { env, InferenceSession, Tensor } =
    device === 'webgpu' ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm');
  env.logLevel = 'error';
  env.wasm.numThreads = threads;
  if (wasmPaths !== undefined) env.wasm.wasmPaths = wasmPaths;
  const sources = new Map<string, Source>();
  const sent: Source[] = [];
  const sourceNamed = (name: string): Source => {
    const source = sources.get(name);
    if (source === undefined) throw new UserError(`${name}: there is no source of this name`);
    return source;
  };
  let unread: unknown;
  const sessionOptions = (request: EngineSessionRequest): InferenceSession.SessionOptions => ({
    executionProviders: [device],
    executionMode: 'sequential',
    // On WebAssembly runs take as long without optimisation, and a large model opens in two thirds of the time.
    graphOptimizationLevel: device === 'wasm' ? 'disabled' : 'all',
    enableMemPattern: false,
    logSeverityLevel: 3,
    externalData: request.sources.map(name => ({
      path: name.slice(request.weightsRoot?.length ?? 0),
      data: arrayOf(sourceNamed(name), error => {
        unread = error;
      }),
    })),
    extra: { session: { disable_prepacking: request.prepack ? '0' : '1' } },
  });
  // onnxruntime loads its WebAssembly when the first session is created: that need not wait for a model.
  const starting = device === 'wasm' ? InferenceSession.create(smallestModel()) : undefined;
  starting?.then(session => session.release()).catch(() => undefined);
  const create = async (model: Uint8Array, options: InferenceSession.SessionOptions) => {
    await starting;
    unread = undefined;
    try {
      return await InferenceSession.create(model, options);
    } catch (error) {
      throw unread ?? error;
    } finally {
      for (const { forget } of sent) forget?.();
    }
  };
  const options = {
    ort: { InferenceSession: { create }, Tensor } as unknown as Onnxruntime,
    sessionOptions,
    read: async (location: Location) => {
      const source = sourceNamed(location.file);
      return readTensor(location, (target, offset) => target.set(source.read(offset, target.length)));
    },
    addSource: async ({ name, bytes, packed }: SentSource) => {
      const source = sourceOf(name, bytes);
      sent.push(source);
      sources.set(name, packed ? await unpack(name, source) : source);
    },
    memory,
  };
  if (device === 'webgpu') {
    // Its helper graphs need the encoder, which WebAssembly does not.
    const { createWebgpuEngine } = await import('../webgpu-engine.ts');
    return createExecutor(createWebgpuEngine(options));
  }
  // An output array that is given silently stays as it is.
  const open = (request: EngineSessionRequest) =>
    options.ort.InferenceSession.create(request.model, sessionOptions(request));
  return createExecutor(shareWeights(createArrayEngine({ ...options, open, writesInto: false })));
}
