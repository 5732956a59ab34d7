import { describe, expect, test } from 'vitest';
import { bounds, evaluate, goldenFolder, noPrefix, readGolden, tokenFeeds } from '../../test/reference/golden.ts';
import { type Checkpoint, isStoredType, type TensorLocation } from '../checkpoint/checkpoint.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { withFileSource } from '../checkpoint/sources/file-source.ts';
import { readSafetensorsHeader } from '../checkpoint/sources/read-safetensors.ts';
import { traceGraph } from '../observe/trace.ts';
import type { Decoder } from './decoder.ts';
import { readDecoder } from './families/index.ts';
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
  return {
    name,
    source: 'here',
    digest: '',
    config,
    tensors: stored,
    otherTensors: new Map(),
    tokenizer: undefined,
    withSource: withFileSource,
  };
}

describe.each(Object.entries(FIRST_WORDS))('%s saved without its head, so without %s in its names', (name, word) => {
  const short = (key: string) => (key.startsWith(word) ? key.slice(word.length) : key);

  test('computes the same and keeps the names', async () => {
    const decoder = await openDecoder(
      await golden(name, tensors => {
        for (const [key, place] of [...tensors]) {
          tensors.delete(key);
          tensors.set(short(key), place);
        }
      }),
    );
    const { expected, weights } = await readGolden(name, readDecoder);
    expect(decoder.tensors.map(tensor => tensor.name).sort()).toEqual(Object.keys(weights).map(short).sort());
    expect(decoder.projections.flat().every(tensor => !tensor.name.startsWith(word))).toBe(true);
    const feeds = Object.fromEntries(Object.entries(weights).map(([key, tensor]) => [short(key), tensor]));
    const { logits } = evaluate(traceGraph.outputs(decoder), {
      ...feeds,
      ...noPrefix(decoder),
      ...tokenFeeds(expected('tokens').data, 0),
    });
    expect(logits!.data).toBeRelativelyClose(expected('logits').data, bounds.forward);
  });
});

describe('a configuration that ties the head to the embedding', () => {
  const embedding = 'model.embed_tokens.weight';
  const withHead = (offset: number) =>
    golden('llama', tensors => {
      const place = tensors.get(embedding)!;
      tensors.set('lm_head.weight', { ...place, name: 'lm_head.weight', offset: place.offset + offset });
    });
  const reads = (decoder: Decoder, name: string) => decoder.tensors.some(tensor => tensor.name === name);

  test('is right where the head is a copy', async () => {
    const decoder = await openDecoder(await withHead(0));
    expect([reads(decoder, embedding), reads(decoder, 'lm_head.weight')]).toEqual([true, false]);
  });

  test('is wrong where the head has other values, as in transformers 5', async () => {
    // A row further on or back, so that the file holds as many numbers.
    const { offset } = (await golden('llama')).tensors.get(embedding)!;
    const decoder = await openDecoder(await withHead(offset > 10_000 ? -128 : 128));
    expect([reads(decoder, embedding), reads(decoder, 'lm_head.weight')]).toEqual([true, true]);
    const head = { ...(await withHead(0)), config: { ...(await withHead(0)).config, tie_word_embeddings: false } };
    expect(decoder.tensors).toEqual((await openDecoder(head)).tensors);
  });

  test('makes the embedding from a head that is stored alone', async () => {
    const alone = await golden('llama', tensors => {
      tensors.set('lm_head.weight', { ...tensors.get(embedding)!, name: 'lm_head.weight' });
      tensors.delete(embedding);
    });
    const decoder = await openDecoder(alone);
    expect([reads(decoder, embedding), reads(decoder, 'lm_head.weight')]).toEqual([false, true]);
    const { expected, weights } = await readGolden('llama', readDecoder);
    const { [embedding]: matrix, ...others } = weights;
    const feeds = { ...others, 'lm_head.weight': matrix!, ...noPrefix(decoder) };
    const { logits } = evaluate(traceGraph.outputs(decoder), { ...feeds, ...tokenFeeds(expected('tokens').data, 0) });
    expect(logits!.data).toBeAllClose(expected('logits').data, 1e-5);
  });
});

describe('refuses', () => {
  const like = (tensors: Map<string, TensorLocation>, name: string, changed: Partial<TensorLocation> = {}) =>
    tensors.set(name, { ...[...tensors.values()][0]!, name, ...changed });

  test('a tensor that is missing, or of another shape', async () => {
    const missing = await golden('llama', tensors => tensors.delete('model.layers.1.mlp.up_proj.weight'));
    await expect(openDecoder(missing)).rejects.toThrow(/^here: there is no tensor model.layers.1.mlp.up_proj.weight/);
    const other = await golden('llama', tensors => like(tensors, 'model.norm.weight', { shape: [16] }));
    await expect(openDecoder(other)).rejects.toThrow(
      'here: tensor model.norm.weight is [16], but the configuration says [32]',
    );
  });

  test('a tensor that is not in the model', async () => {
    const more = await golden('llama', tensors => like(tensors, 'model.layers.2.mlp.up_proj.weight'));
    await expect(openDecoder(more)).rejects.toThrow(
      /^here: tensor model.layers.2.mlp.up_proj.weight has no place in the llama model .* model.layers.[01].mlp.up_proj.weight$/,
    );
    const integers = { ...(await golden('gpt2')), otherTensors: new Map([['transformer.h.0.attn.qweight', 'I32']]) };
    await expect(openDecoder(integers)).rejects.toThrow(/transformer.h.0.attn.qweight has no place in the gpt2 model/);
  });
});

describe('ignores', () => {
  test.each([
    ['gpt2', ['transformer.h.0.attn.bias', 'transformer.h.0.attn.masked_bias', 'lm_head.weight']],
    ['gpt-neo', ['transformer.h.0.attn.attention.bias', 'transformer.h.0.attn.attention.masked_bias']],
    ['gpt-neox', ['gpt_neox.layers.0.attention.bias', 'gpt_neox.layers.0.attention.rotary_emb.inv_freq']],
    ['llama', ['model.layers.0.self_attn.rotary_emb.inv_freq', 'lm_head.weight']],
    ['xglm', ['model.embed_positions.weights', 'lm_head.weight']],
  ])('%s: masks, tables and a copy of the embedding', async (name, buffers) => {
    const plain = await golden(name);
    const otherTensors = new Map(buffers.map(buffer => [buffer, 'U8']));
    const names = async (checkpoint: Checkpoint) => (await openDecoder(checkpoint)).tensors.map(tensor => tensor.name);
    expect(await names({ ...plain, otherTensors })).toEqual(await names(plain));
  });

  test('learned etas of a model that is run with another momentum', async () => {
    const learned = await golden('gpt2', tensors => {
      for (const layer of [0, 1]) {
        const name = `momentum.layers.${layer}.logit`;
        tensors.set(name, { ...[...tensors.values()][0]!, name, shape: [4] });
      }
    });
    expect((await openDecoder(runWithMomentum(learned, 0.3))).family).toBe('momentum_gpt2');
  });
});
