import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { createArrayEngine, type Onnxruntime } from '../array-engine.ts';
import type { Engine } from '../engine.ts';
import type { TensorData } from '../protocol.ts';
import { ownMemory } from './memory.ts';
import { readFileTensor } from './read-file.ts';
import { sessionOptions } from './session-options.ts';

/** onnxruntime's own engine for processors, on files. */
export function createCpuEngine({ threads }: { readonly threads: number }): Engine<TensorData> {
  env.logLevel = 'error';
  return createArrayEngine({
    ort: { InferenceSession, Tensor } as Onnxruntime,
    sessionOptions: ({ weightsRoot, prepack }) => sessionOptions({ threads, weightsRoot, prepack }),
    writesInto: true,
    read: async location => readFileTensor(location),
    memory: ownMemory,
  });
}
