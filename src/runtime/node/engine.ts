import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { createArrayEngine, type Onnxruntime, type OnnxSession } from '../array-engine.ts';
import type { Engine, EngineSessionRequest } from '../engine.ts';
import type { TensorData } from '../protocol.ts';
import { openKept } from './kept-graphs.ts';
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
  const openWith = (request: EngineSessionRequest, model: Uint8Array, changes: InferenceSession.SessionOptions) =>
    InferenceSession.create(model, { ...sessionOptions({ provider, threads, ...request }), ...changes });
  return createArrayEngine({
    ort: { Tensor } as Pick<Onnxruntime, 'Tensor'>,
    open: async request =>
      (await (card === undefined
        ? openKept(request, env.versions.node!, (model, changes) => openWith(request, model, changes))
        : openWith(request, request.model, {}))) as OnnxSession,
    writesInto: card === undefined,
    read: async location => readFileTensor(location),
    memory: ownMemory,
  });
}
