import type { InferenceSession } from 'onnxruntime-web';
import { UserError } from '../../error.ts';
import { createArrayEngine, type Onnxruntime } from '../array-engine.ts';
import type { Engine, EngineSessionRequest } from '../engine.ts';
import type { Memory, TensorData } from '../protocol.ts';
import { readTensor } from '../read-tensor.ts';

/** What a browser can compute on. */
export type WebDevice = 'wasm' | 'webgpu';

export interface WebEngineOptions {
  readonly device: WebDevice;
  readonly threads: number;
  /** Address of the folder with onnxruntime's `.wasm` and `.mjs` files; next to the worker unless given. */
  readonly wasmPaths?: string | undefined;
}

/** onnxruntime's WebAssembly build, alone or with its WebGPU provider. Sources are bytes in memory. */
export async function createWebEngine(options: WebEngineOptions): Promise<Engine<TensorData>> {
  const { device, threads, wasmPaths } = options;
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
  return createArrayEngine({
    ort: { InferenceSession, Tensor } as unknown as Onnxruntime,
    sessionOptions,
    // An output array that is given silently stays as it is.
    writesInto: false,
    read: async location => {
      const bytes = bytesOf(location.file);
      return readTensor(location, (target, offset) => {
        const part = bytes.subarray(offset, offset + target.length);
        if (part.length < target.length) {
          throw new UserError(`${location.file}: ends before the last byte of tensor ${location.name}`);
        }
        target.set(part);
      });
    },
    addSource: (name, bytes) => {
      sources.set(name, bytes);
    },
    memory,
  });
}

interface WasmMemory {
  readonly buffer: { readonly byteLength: number };
}

/** Memory of WebAssembly, which grows and never shrinks, from now on. Browsers do not tell it otherwise. */
function watchMemory(): () => Memory {
  const wasm = (globalThis as unknown as { WebAssembly: { Memory: new (descriptor: object) => WasmMemory } })
    .WebAssembly;
  const memories: WasmMemory[] = [];
  wasm.Memory = class extends wasm.Memory {
    constructor(descriptor: object) {
      super(descriptor);
      memories.push(this);
    }
  };
  return () => {
    const bytes = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    return { residentBytes: bytes, peakResidentBytes: bytes };
  };
}
