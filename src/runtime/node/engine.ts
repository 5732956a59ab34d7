import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { createArrayEngine, type Onnxruntime } from '../array-engine.ts';
import type { Engine } from '../engine.ts';
import type { TensorData } from '../protocol.ts';
import { ownMemory } from './memory.ts';
import { readFileTensor } from './read-file.ts';
import { sessionOptions } from './session-options.ts';

/**
 * onnxruntime's engine for processors or for CUDA, on files. With CUDA, feeds and outputs cross to
 * the card and back in each run, and each session has its own copy of its weights there.
 *
 * @param options.card the number of a CUDA card
 */
export function createNodeEngine({
  threads,
  card,
}: {
  readonly threads: number;
  readonly card?: number;
}): Engine<TensorData> {
  env.logLevel = 'error';
  const provider = card === undefined ? 'cpu' : ({ name: 'cuda', deviceId: card } as const);
  return createArrayEngine({
    ort: { InferenceSession, Tensor } as Onnxruntime,
    sessionOptions: ({ weightsRoot, prepack }) => sessionOptions({ provider, threads, weightsRoot, prepack }),
    writesInto: card === undefined,
    read: async location => readFileTensor(location),
    memory: ownMemory,
  });
}
