/**
 * Weights stored in half precision take half the memory and give the same numbers as in float32.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { ARCHITECTURES, type Config } from '../bench/random-checkpoint/architectures.ts';
import { writeFolder } from '../bench/random-checkpoint/write-checkpoint.ts';
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { loadModel } from '../src/model/loaded-model.ts';
import { computePrefix, prefixGraph } from '../src/model/prefix.ts';
import { observationGraph } from '../src/observe/observe.ts';
import { traceGraph } from '../src/observe/trace.ts';
import { sessionOptions } from '../src/runtime/node/session-options.ts';
import type { Runtime, SessionRequest } from '../src/runtime/runtime.ts';
import { finetune } from '../src/setting/finetune.ts';
import { gradientGraph } from '../src/setting/finetune-step.ts';
import { onnxInitialisers } from './reference/onnx-initialisers.ts';
import { scratchRuntime } from './scratch-runtime.ts';

/**
 * Two layers of each way to store projections: apart with biases, fused with the input first,
 * grouped, fused by head.
 */
const MODELS: Readonly<Record<string, Config>> = {
  xglm: {
    ...ARCHITECTURES['fairseq-dense-1.3B'],
    ...{ vocab_size: 50, d_model: 16, ffn_dim: 62, num_layers: 2, attention_heads: 4 },
  },
  gpt2: { ...ARCHITECTURES.gpt2, vocab_size: 50, n_embd: 16, n_inner: 62, n_layer: 2, n_head: 4 },
  llama: {
    ...ARCHITECTURES['SmolLM2-135M'],
    ...{ vocab_size: 50, hidden_size: 16, intermediate_size: 62, num_hidden_layers: 2 },
    ...{ num_attention_heads: 4, num_key_value_heads: 2 },
  },
  gpt_neox: {
    ...ARCHITECTURES['pythia-70m'],
    ...{ vocab_size: 50, hidden_size: 16, intermediate_size: 62, num_hidden_layers: 2, num_attention_heads: 2 },
  },
};

const scratch = scratchRuntime();

describe.each(Object.entries(MODELS))('%s', (family, config) => {
  /** The same numbers whatever the type: they fit in eight bits. */
  const checkpoint = async (dtype: 'F32' | 'F16' | 'BF16') => {
    const place = join(scratch.folder, `${family}-${dtype}`);
    await writeFolder(place, { config, dtype, seed: 5 });
    return openCheckpoint(place);
  };

  test('finetuning gives the same bits with every stored type', async () => {
    const tuned = async (dtype: 'F32' | 'F16' | 'BF16') => {
      const model = await loadModel(await checkpoint(dtype), scratch.runtime);
      const { projections, losses } = await finetune(
        model,
        [
          [2, 5, 9, 4, 7],
          [2, 8, 1],
        ],
        { learningRate: 0.1 },
      );
      const prefix = await computePrefix(model, [2, 5, 9], projections);
      const handles = Object.entries({ ...projections, ...prefix.feeds });
      const read = async ([name, feed]: (typeof handles)[number]) =>
        [name, 'data' in feed ? feed : await scratch.runtime.download(feed)] as const;
      const changed = Object.keys(projections).filter(name => projections[name] !== model.pretrained[name]);
      return { losses, changed, tensors: Object.fromEntries(await Promise.all(handles.map(read))) };
    };
    const expected = await tuned('F32');
    expect(expected.losses[0]).toBeGreaterThan(1);
    expect(expected.changed.length).toBeGreaterThanOrEqual(2);
    for (const dtype of ['F16', 'BF16'] as const) expect(await tuned(dtype)).toEqual(expected);
  });

  // The optimised model that the engine writes shows what a session holds.
  test.each(['F16', 'BF16'] as const)('a session holds matrices as %s, and no copy of them', async dtype => {
    const requests: SessionRequest[] = [];
    const listening: Runtime = {
      ...scratch.runtime,
      openSession: request => {
        requests.push(request);
        return scratch.runtime.openSession(request);
      },
    };
    const model = await loadModel(await checkpoint(dtype), listening);
    for (const graph of [prefixGraph, observationGraph, traceGraph, gradientGraph]) {
      await model.session(graph);
    }
    const fed = new Set(Object.keys(model.pretrained));
    const matrices = model.decoder.tensors.filter(({ name, shape }) => shape.length > 1 && !fed.has(name));
    const shapes = new Set(matrices.flatMap(({ shape }) => [String(shape), String(shape.toReversed())]));
    for (const { name, model: bytes, weightsRoot } of requests) {
      const file = join(scratch.folder, `${family}-${dtype}-${name}.onnx`);
      const options = sessionOptions({ provider: 'cpu', threads: 1, weightsRoot, prepack: false });
      const session = await InferenceSession.create(bytes, { ...options, optimizedModelFilePath: file });
      await session.release();
      const held = onnxInitialisers(readFileSync(file)).filter(({ dims }) => shapes.has(String(dims)));
      expect(new Set(held.map(({ type }) => type)), name).toEqual(new Set([dtype === 'F16' ? 10 : 16]));
      const names = held.map(tensor => tensor.name).toSorted();
      const all = matrices.map(tensor => tensor.name).toSorted();
      expect(names, name).toEqual(name === 'trace' ? all : all.filter(each => names.includes(each)));
    }
  });
});
