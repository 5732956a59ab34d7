import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import type { Onnxruntime } from '../array-engine.ts';
import type { Engine } from '../engine.ts';
import { createWebgpuEngine, type WebgpuTensor } from '../webgpu-engine.ts';
import { ownMemory } from './memory.ts';
import { readFileTensor } from './read-file.ts';
import { sessionOptions } from './session-options.ts';

/** onnxruntime's WebGPU engine, on files. */
export function createNodeWebgpuEngine({ threads }: { readonly threads: number }): Engine<WebgpuTensor> {
  env.logLevel = 'error';
  return createWebgpuEngine({
    ort: { InferenceSession, Tensor } as unknown as Onnxruntime,
    sessionOptions: ({ weightsRoot, prepack }) => sessionOptions({ provider: 'webgpu', threads, weightsRoot, prepack }),
    read: async location => readFileTensor(location),
    memory: ownMemory,
  });
}
