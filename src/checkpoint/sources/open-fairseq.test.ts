import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  build,
  call,
  dictionary,
  global,
  integer,
  namespace,
  none,
  type Pickled,
  storage,
  tensor,
  text,
  torchFile,
  truth,
} from '../../../test/torch-archive.ts';
import { UserError } from '../../error.ts';
import { openCheckpoint } from '../open.ts';
import { readSafetensors } from './read-safetensors.ts';
import { readTensor } from './read-tensor.ts';
import { writeSafetensors } from './write-safetensors.ts';

const golden = (name: string) => fileURLToPath(new URL(`../../../test/golden/${name}`, import.meta.url));

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dualform-fairseq-')));
  vi.stubEnv('DUALFORM_CACHE', join(folder, 'cache'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('the golden model.pt', () => {
  test.each(['fairseq', 'fairseq/model.pt'])('%s', async path => {
    const checkpoint = await openCheckpoint(golden(path));
    expect(checkpoint).toMatchObject({
      name: 'fairseq',
      source: golden('fairseq/model.pt'),
      config: {
        model_type: 'fairseq_gpt',
        vocab_size: 50_264,
        d_model: 32,
        ffn_dim: 64,
        num_layers: 2,
        attention_heads: 4,
        max_position_embeddings: 2048,
        activation_function: 'gelu',
        scale_embedding: true,
        tie_word_embeddings: true,
        bos_token_id: 0,
        pad_token_id: 1,
        eos_token_id: 2,
      },
      otherTensors: new Map(),
      tokenizer: { kind: 'fairseq', dictionary: golden('fairseq/dict.txt') },
    });
    // 16 a layer, the embedding and the last norm.
    expect(checkpoint.tensors.size).toBe(2 * 16 + 3);
    expect(checkpoint.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test('its keys and values are those that finetuning starts from', async () => {
    const { tensors } = await openCheckpoint(golden('fairseq'));
    const after = [...(await readSafetensors(golden('fairseq/expected.safetensors')))].filter(([name]) =>
      name.startsWith('after.'),
    );
    expect(after).toHaveLength(2 * 4);
    for (const [name, { shape, data }] of after) {
      const before = tensors.get(name.slice('after.'.length))!;
      expect(before.shape).toEqual(shape);
      const values = await readTensor(before);
      const moved = values.reduce((most, x, i) => Math.max(most, Math.abs(x - Number(data[i]))), 0);
      expect(moved).toBeLessThan(0.3);
    }
  });
});

interface Sizes {
  readonly layers?: number;
  readonly hiddenSize?: number;
}

/** Names and shapes of a tiny model; all tensors are views of one storage. */
function shapes({ layers = 1, hiddenSize = 4 }: Sizes = {}): Record<string, readonly number[]> {
  const all: Record<string, readonly number[]> = { 'decoder.embed_tokens.weight': [8, hiddenSize] };
  for (let layer = 0; layer < layers; layer++) {
    const at = `decoder.layers.${layer}`;
    for (const part of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) {
      all[`${at}.self_attn.${part}.weight`] = [hiddenSize, hiddenSize];
      all[`${at}.self_attn.${part}.bias`] = [hiddenSize];
    }
    all[`${at}.fc1.weight`] = [8, hiddenSize];
    all[`${at}.final_layer_norm.weight`] = [hiddenSize];
  }
  all['decoder.layer_norm.weight'] = [hiddenSize];
  return all;
}

const numbers = (count: number, seed: number) =>
  new Uint8Array(Float32Array.from({ length: count }, (_, i) => i + seed).buffer);

function modelOf(
  tensors: Readonly<Record<string, readonly number[]>>,
  more: Readonly<Record<string, Pickled>> = {},
): Pickled {
  const shared = storage('0', 'FloatStorage', 10_000);
  return dictionary({
    ...Object.fromEntries(Object.entries(tensors).map(([name, shape]) => [name, tensor(shared, shape)])),
    ...more,
  });
}

let made = 0;
async function open(saved: Readonly<Record<string, Pickled>>, options: { readonly heads?: number } = {}) {
  const place = join(folder, `model-${made++}`);
  mkdirSync(place);
  const storages = { 0: numbers(10_000, 0), 1: numbers(32, 0), 2: numbers(32, 1), 3: numbers(32, 0) };
  writeFileSync(join(place, 'model.pt'), torchFile(dictionary(saved), storages));
  return openCheckpoint(place, options);
}

const configOf = async (...args: Parameters<typeof open>) => (await open(...args)).config;
const cfg = (model: Pickled): Pickled => dictionary({ model });
const heads = (n: number) => ({ decoder_attention_heads: integer(n) });
/** As OmegaConf pickles its configurations: an object for each dictionary and each value. */
const node = (kind: string, state: Readonly<Record<string, Pickled>>) =>
  build(call(global('omegaconf', kind)), dictionary(state));
const omega = (values: Readonly<Record<string, Pickled>>) =>
  node('dictconfig.DictConfig', { _content: dictionary(values) });
const leaf = (value: Pickled) => node('nodes.AnyNode', { _parent: none, _val: value });

describe('what the file says about the model', () => {
  test.each<[string, Readonly<Record<string, Pickled>>]>([
    ['args', { args: namespace(heads(2)), cfg: none }],
    ['cfg.model as a namespace', { args: none, cfg: cfg(namespace(heads(2))) }],
    ['cfg.model as a dictionary', { cfg: cfg(dictionary(heads(2))) }],
    [
      'cfg of OmegaConf',
      { cfg: omega({ model: omega({ decoder_attention_heads: leaf(integer(2)), tokens_per_sample: leaf(none) }) }) },
    ],
    ['args, where cfg.model leaves it out', { args: namespace(heads(2)), cfg: cfg(dictionary({ arch: text('x') })) }],
    ['cfg.model before args', { args: namespace(heads(4)), cfg: cfg(namespace(heads(2))) }],
  ])('in %s', async (_, saved) => {
    expect(await configOf({ ...saved, model: modelOf(shapes()) })).toMatchObject({ attention_heads: 2, d_model: 4 });
  });

  test('context, activation and scale', async () => {
    const settings = {
      ...heads(2),
      activation_fn: text('gelu_accurate'),
      no_scale_embedding: truth(true),
      tokens_per_sample: integer(64),
      max_target_positions: integer(48),
    };
    expect(await configOf({ args: namespace(settings), model: modelOf(shapes()) })).toMatchObject({
      activation_function: 'gelu_new',
      scale_embedding: false,
      max_position_embeddings: 48,
    });
  });

  test('members of enumerations, and settings that point elsewhere', async () => {
    const settings = {
      ...heads(2),
      activation_fn: call(global('fairseq.dataclass.constants', 'Choices'), text('relu')),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how settings of fairseq point at others
      tokens_per_sample: text('${task.tokens_per_sample}'),
      max_target_positions: none,
    };
    expect(await configOf({ args: namespace(settings), model: modelOf(shapes()) })).toMatchObject({
      activation_function: 'relu',
      max_position_embeddings: 2048,
    });
  });

  test('no heads: published sizes are known, others must be given', async () => {
    // Only the embedding and the first layer tell sizes, so that the square matrices may be left
    // out.
    const published = Object.entries(shapes({ layers: 12, hiddenSize: 768 })).filter(
      ([name]) => !/_proj\.weight/.test(name),
    );
    const model = modelOf(Object.fromEntries(published));
    expect(await configOf({ args: none, model })).toMatchObject({ attention_heads: 12, num_layers: 12 });
    await expect(open({ model: modelOf(shapes()) })).rejects.toThrow(
      /1 layers of hidden size 4 are no published size; give `heads`/,
    );
    expect(await configOf({ model: modelOf(shapes()) }, { heads: 4 })).toMatchObject({ attention_heads: 4 });
  });

  test('the number of heads must fit', async () => {
    const said = { args: namespace(heads(2)), model: modelOf(shapes()) };
    await expect(open(said, { heads: 4 })).rejects.toThrow(/^heads 4: .* itself says 2/);
    await expect(open({ model: modelOf(shapes()) }, { heads: 3 })).rejects.toThrow(
      /^heads 3: must divide the hiddenSize 4/,
    );
    await expect(openCheckpoint(golden('llama'), { heads: 3 })).rejects.toThrow(/^heads: only a model.pt of fairseq/);
  });

  const output = (key: string) => ({
    'decoder.output_projection.weight': tensor(storage(key, 'FloatStorage', 32), [8, 4]),
    'decoder.embed_tokens.weight': tensor(storage('1', 'FloatStorage', 32), [8, 4]),
  });

  test('an output projection of its own stays; a copy of the embedding is left out', async () => {
    const saved = (key: string) => ({ args: namespace(heads(2)), model: modelOf(shapes(), output(key)) });
    const own = await open(saved('2'));
    expect(own.config.tie_word_embeddings).toBe(false);
    expect(own.tensors.has('decoder.output_projection.weight')).toBe(true);
    // Storage 3 holds the same numbers as storage 1.
    for (const key of ['1', '3']) {
      const copy = await open(saved(key));
      expect(copy.config.tie_word_embeddings).toBe(true);
      expect(copy.tensors.has('decoder.output_projection.weight')).toBe(false);
    }
  });
});

describe('refuses', () => {
  const bad = (
    settings: Readonly<Record<string, Pickled>>,
    tensors = shapes(),
    more: Readonly<Record<string, Pickled>> = {},
  ) => ({
    args: namespace({ ...heads(2), ...settings }),
    model: modelOf(tensors, more),
  });
  const without = (name: string) => Object.fromEntries(Object.entries(shapes()).filter(([each]) => each !== name));

  test.each<[string, Readonly<Record<string, Pickled>>, string]>([
    ['something else of torch', { epoch: integer(3) }, 'not a language model of fairseq'],
    ['a model that is no dictionary', { model: global('os', 'system') }, 'not a language model of fairseq'],
    [
      'a translation model',
      bad({}, { ...shapes(), 'encoder.embed_tokens.weight': [8, 4] }),
      '"encoder.embed_tokens.weight" belongs to no dense',
    ],
    ['experts', bad({}, { ...shapes(), 'decoder.layers.0.moe_layer.gate.wg.weight': [4, 4] }), 'belongs to no dense'],
    ['learned positions', bad({ decoder_learned_pos: truth(true) }), 'decoder_learned_pos is on'],
    [
      'learned positions in a tensor',
      bad({}, { ...shapes(), 'decoder.embed_positions.weight': [8, 4] }),
      'belongs to no dense',
    ],
    ['norms after blocks', bad({ decoder_normalize_before: truth(false) }), 'normalises after each block'],
    ['no last norm', bad({}, without('decoder.layer_norm.weight')), 'normalises after each block'],
    ['an unknown activation', bad({ activation_fn: text('swish') }), 'activation "swish" is not supported'],
    ['heads that do not divide', bad(heads(3)), '3 heads do not divide the hiddenSize 4'],
    ['heads in words', bad({ decoder_attention_heads: text('two') }), 'decoder_attention_heads is a text'],
    ['another number of layers', bad({ decoder_layers: integer(9) }), 'say decoder_layers 9, its tensors 1'],
    ['another hiddenSize', bad({ decoder_embed_dim: integer(9) }), 'say decoder_embed_dim 9, its tensors 4'],
    ['no layers', bad({}, { 'decoder.embed_tokens.weight': [8, 4] }), 'it has no layers'],
    ['a missing layer', bad({}, { ...shapes(), 'decoder.layers.2.fc1.bias': [8] }), 'layer 1 is missing'],
    [
      'a missing matrix',
      bad({}, without('decoder.layers.0.fc1.weight')),
      'tensor decoder.layers.0.fc1.weight is missing',
    ],
    ['an embedding that is a vector', bad({}, { ...shapes(), 'decoder.embed_tokens.weight': [8] }), 'has shape [8]'],
    [
      'an embedding of integers',
      bad({}, shapes(), { 'decoder.embed_tokens.weight': integer(1) }),
      'is missing or no weight',
    ],
  ])('%s', async (_, saved, message) => {
    const opened = open(saved);
    await expect(opened).rejects.toThrow(UserError);
    await expect(opened).rejects.toThrow(message);
  });
});

describe('pytorch_model.bin', () => {
  const shared = storage('0', 'FloatStorage', 6);
  const shard = (tensors: Readonly<Record<string, Pickled>>) => torchFile(dictionary(tensors), { 0: numbers(6, 1) });
  const folderOf = (name: string, files: Readonly<Record<string, string | Uint8Array>>): string => {
    const place = join(folder, name);
    mkdirSync(place);
    for (const [file, content] of Object.entries({ 'config.json': '{"model_type":"gpt2"}', ...files })) {
      writeFileSync(join(place, file), content);
    }
    return place;
  };

  test('one file', async () => {
    const bytes = shard({ a: tensor(shared, [2, 3]), b: tensor(shared, [6]), step: integer(1) });
    const checkpoint = await openCheckpoint(folderOf('one', { 'pytorch_model.bin': bytes }));
    expect([...(await readTensor(checkpoint.tensors.get('a')!))]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(checkpoint.otherTensors.size).toBe(0);
  });

  test('a transposed matrix is put in order', async () => {
    const bytes = shard({
      a: tensor(shared, [3, 2], [1, 3]),
      b: tensor(shared, [2, 1, 2], [3, 7, 1], 1),
      c: tensor(shared, [3, 2], [0, 2], 1),
    });
    const checkpoint = await openCheckpoint(folderOf('transposed', { 'pytorch_model.bin': bytes }));
    expect(checkpoint.tensors.get('a')).toMatchObject({ shape: [3, 2], dtype: 'F32' });
    expect([...(await readTensor(checkpoint.tensors.get('a')!))]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...(await readTensor(checkpoint.tensors.get('b')!))]).toEqual([2, 3, 5, 6]);
    expect([...(await readTensor(checkpoint.tensors.get('c')!))]).toEqual([2, 4, 2, 4, 2, 4]);
  });

  const index = (map: Readonly<Record<string, string>>) => JSON.stringify({ weight_map: map });

  test('an index and its files', async () => {
    const place = folderOf('many', {
      'pytorch_model.bin.index.json': index({ a: 'one.bin', b: 'two.bin' }),
      'one.bin': shard({ a: tensor(shared, [2, 3]) }),
      'two.bin': shard({ b: tensor(shared, [3], [1], 3) }),
    });
    const checkpoint = await openCheckpoint(place);
    expect([...(await readTensor(checkpoint.tensors.get('b')!))]).toEqual([4, 5, 6]);
    expect(checkpoint.tensors.get('a')!.file).toBe(join(place, 'one.bin'));
  });

  test('safetensors win', async () => {
    const place = folderOf('both', { 'pytorch_model.bin': 'never looked at' });
    await writeSafetensors(join(place, 'model.safetensors'), [{ name: 'a', shape: [1], data: new Float32Array([9]) }]);
    expect((await openCheckpoint(place)).tensors.get('a')!.file).toBe(join(place, 'model.safetensors'));
  });

  test.each<[string, Readonly<Record<string, string | Uint8Array>>, string]>([
    ['a list', { 'pytorch_model.bin': torchFile(integer(3)) }, 'holds the number 3, not a state dictionary'],
    ['a missing file', { 'pytorch_model.bin.index.json': index({ a: 'one.bin' }) }, 'this shard is missing'],
    [
      'a tensor twice',
      {
        'pytorch_model.bin.index.json': index({ a: 'one.bin', b: 'two.bin' }),
        'one.bin': shard({ a: tensor(shared, [6]) }),
        'two.bin': shard({ a: tensor(shared, [6]), b: tensor(shared, [6]) }),
      },
      '"a" is in both one.bin and two.bin',
    ],
    ['another folder', { 'pytorch_model.bin.index.json': index({ a: '../one.bin' }) }, 'is not a plain file name'],
    ['another kind of file', { 'pytorch_model.bin.index.json': index({ a: 'one.safetensors' }) }, 'is not a .bin file'],
  ])('refuses %s', async (name, files, message) => {
    const opened = openCheckpoint(folderOf(`bad-${name.replaceAll(' ', '-')}`, files));
    await expect(opened).rejects.toThrow(UserError);
    await expect(opened).rejects.toThrow(message);
  });
});
