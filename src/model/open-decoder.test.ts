import { describe, expect, test } from 'vitest';
import { bounds, evaluate, goldenFolder, noMemory, readGolden, tokenFeeds } from '../../test/reference/golden.ts';
import { type Checkpoint, isStoredType, type TensorLocation } from '../checkpoint/checkpoint.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { readSafetensorsHeader } from '../checkpoint/safetensors.ts';
import { readDecoder } from './families/index.ts';
import { traceGraph } from './graphs.ts';
import { runWithMomentum } from './momentum.ts';
import { openDecoder } from './open-decoder.ts';

const FIRST_WORDS = {
  bloom: 'transformer.',
  gpt2: 'transformer.',
  'gpt-neox': 'gpt_neox.',
  llama: 'model.',
  opt: 'model.',
  xglm: 'model.',
};

/** A golden checkpoint with what another program may have changed in it. */
async function golden(name: string, change?: (tensors: Map<string, TensorLocation>) => void): Promise<Checkpoint> {
  const { tensors } = await readSafetensorsHeader(`${goldenFolder(name)}model.safetensors`);
  const stored = new Map<string, TensorLocation>();
  for (const [key, { dtype, ...rest }] of tensors) if (isStoredType(dtype)) stored.set(key, { ...rest, dtype });
  change?.(stored);
  const { config } = await openCheckpoint(goldenFolder(name));
  return { name, source: 'here', digest: '', config, tensors: stored, otherTensors: new Map(), tokenizer: undefined };
}

describe.each(Object.entries(FIRST_WORDS))('%s saved without its head, so without %s in its names', (name, word) => {
  const short = (key: string) => (key.startsWith(word) ? key.slice(word.length) : key);

  test('computes the same and keeps the names', async () => {
    const decoder = openDecoder(
      await golden(name, tensors => {
        for (const [key, place] of [...tensors]) {
          tensors.delete(key);
          tensors.set(short(key), place);
        }
      }),
    );
    const { expected, weights } = await readGolden(name, readDecoder);
    expect(decoder.tensors.map(tensor => tensor.name).sort()).toEqual(Object.keys(weights).map(short).sort());
    expect(decoder.keyValue.flat().every(tensor => !tensor.name.startsWith(word))).toBe(true);
    const feeds = Object.fromEntries(Object.entries(weights).map(([key, tensor]) => [short(key), tensor]));
    const { logits } = evaluate(traceGraph(decoder), {
      ...feeds,
      ...noMemory(decoder),
      ...tokenFeeds(expected('tokens').data, 0),
    });
    expect(logits!.data).toBeRelativelyClose(expected('logits').data, bounds.forward);
  });
});

describe('refuses', () => {
  const like = (tensors: Map<string, TensorLocation>, name: string, changed: Partial<TensorLocation> = {}) =>
    tensors.set(name, { ...[...tensors.values()][0]!, name, ...changed });

  test('a tensor that is missing, or of another shape', async () => {
    const missing = await golden('llama', tensors => tensors.delete('model.layers.1.mlp.up_proj.weight'));
    expect(() => openDecoder(missing)).toThrow(/^here: there is no tensor model.layers.1.mlp.up_proj.weight/);
    const other = await golden('llama', tensors => like(tensors, 'model.norm.weight', { shape: [16] }));
    expect(() => openDecoder(other)).toThrow('here: tensor model.norm.weight is [16], but the configuration says [32]');
  });

  test('a tensor that the configuration has no place for', async () => {
    const more = await golden('llama', tensors => like(tensors, 'model.layers.2.mlp.up_proj.weight'));
    expect(() => openDecoder(more)).toThrow(
      /^here: tensor model.layers.2.mlp.up_proj.weight has no place in the llama model .* model.layers.[01].mlp.up_proj.weight$/,
    );
    const integers = { ...(await golden('gpt2')), otherTensors: new Map([['transformer.h.0.attn.qweight', 'I32']]) };
    expect(() => openDecoder(integers)).toThrow(/transformer.h.0.attn.qweight has no place in the gpt2 model/);
  });
});

describe('leaves alone', () => {
  test.each([
    ['gpt2', ['transformer.h.0.attn.bias', 'transformer.h.0.attn.masked_bias', 'lm_head.weight']],
    ['gpt-neo', ['transformer.h.0.attn.attention.bias', 'transformer.h.0.attn.attention.masked_bias']],
    ['gpt-neox', ['gpt_neox.layers.0.attention.bias', 'gpt_neox.layers.0.attention.rotary_emb.inv_freq']],
    ['llama', ['model.layers.0.self_attn.rotary_emb.inv_freq', 'lm_head.weight']],
    ['xglm', ['model.embed_positions.weights', 'lm_head.weight']],
  ])('%s: masks, tables and a copy of the embedding', async (name, buffers) => {
    const plain = await golden(name);
    const otherTensors = new Map(buffers.map(buffer => [buffer, 'U8']));
    const names = (checkpoint: Checkpoint) => openDecoder(checkpoint).tensors.map(tensor => tensor.name);
    expect(names({ ...plain, otherTensors })).toEqual(names(plain));
  });

  test('learned etas of a model that is run with another momentum', async () => {
    const learned = await golden('gpt2', tensors => {
      for (const layer of [0, 1]) {
        const name = `momentum.layers.${layer}.logit`;
        tensors.set(name, { ...[...tensors.values()][0]!, name, shape: [4] });
      }
    });
    expect(openDecoder(runWithMomentum(learned, 0.3)).family).toBe('momentum_gpt2');
  });
});
