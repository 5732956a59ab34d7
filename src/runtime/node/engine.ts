import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { createArrayEngine, type Onnxruntime } from '../array-engine.ts';
import type { Engine } from '../engine.ts';
import type { TensorData } from '../protocol.ts';
import { ownMemory } from './memory.ts';
import { readFileTensor } from './read-file.ts';
import { type NodeDevice, sessionOptions } from './session-options.ts';

/** onnxruntime's native engine, on files. */
export function createNodeEngine(options: {
  readonly device: NodeDevice;
  readonly threads: number;
}): Engine<TensorData> {
  const { device, threads } = options;
  env.logLevel = 'error';
  return createArrayEngine({
    ort: { InferenceSession, Tensor } as Onnxruntime,
    sessionOptions: ({ weightsRoot, prepack }) => sessionOptions({ device, threads, weightsRoot, prepack }),
    // WebGPU leaves an output array that is given as it is.
    writesInto: device === 'cpu',
    read: async location => readFileTensor(location),
    memory: ownMemory,
  });
}
