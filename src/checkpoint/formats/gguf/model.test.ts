import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  entry,
  f32,
  f32Entry,
  ggufFile,
  type TensorToPack,
  textEntry,
  u32Entry,
  u64,
  VALUE,
} from '../../../../test/gguf-file.ts';
import { UserError } from '../../../error.ts';
import { fileReaders, readGguf } from '../../sources/read-gguf.ts';
import { type GgufModel, ggufModel } from './model.ts';
import { weightPieces } from './weights.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-gguf-model-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const [WIDTH, INNER, HEADS, KEY_HEADS, HEAD_WIDTH, TOKENS] = [8, 6, 2, 1, 4, 5];
const ENTRIES: Readonly<Record<string, Uint8Array>> = {
  architecture: textEntry('general.architecture', 'llama'),
  name: textEntry('general.name', 'Tiny'),
  hiddenSize: u32Entry('llama.embedding_length', WIDTH),
  inner: u32Entry('llama.feed_forward_length', INNER),
  layers: u32Entry('llama.block_count', 1),
  heads: u32Entry('llama.attention.head_count', HEADS),
  keyHeads: u32Entry('llama.attention.head_count_kv', KEY_HEADS),
  context: u32Entry('llama.context_length', 64),
  epsilon: f32Entry('llama.attention.layer_norm_rms_epsilon', 1e-5),
  theta: f32Entry('llama.rope.freq_base', 50000),
  bos: u32Entry('tokenizer.ggml.bos_token_id', 1),
};

function tensor(name: string, ...sizes: number[]): TensorToPack {
  const values = Array.from({ length: sizes.reduce((a, b) => a * b) }, (_, i) => i + name.length / 100);
  return { name, type: 0, sizes, data: f32(...values) };
}

const TENSORS: readonly TensorToPack[] = [
  tensor('token_embd.weight', WIDTH, TOKENS),
  tensor('blk.0.attn_norm.weight', WIDTH),
  tensor('blk.0.attn_q.weight', WIDTH, HEADS * HEAD_WIDTH),
  tensor('blk.0.attn_k.weight', WIDTH, KEY_HEADS * HEAD_WIDTH),
  tensor('blk.0.attn_v.weight', WIDTH, KEY_HEADS * HEAD_WIDTH),
  tensor('blk.0.attn_output.weight', HEADS * HEAD_WIDTH, WIDTH),
  tensor('blk.0.ffn_norm.weight', WIDTH),
  tensor('blk.0.ffn_gate.weight', WIDTH, INNER),
  tensor('blk.0.ffn_up.weight', WIDTH, INNER),
  tensor('blk.0.ffn_down.weight', INNER, WIDTH),
  tensor('output_norm.weight', WIDTH),
];

/** The tiny model with some entries replaced (or left out: undefined) and other tensors. */
function model(
  entries: Readonly<Record<string, Uint8Array | undefined>> = {},
  tensors: readonly TensorToPack[] = TENSORS,
): Promise<GgufModel> {
  const file = join(folder, 'tiny.gguf');
  const kept = Object.values({ ...ENTRIES, ...entries }).filter(entry => entry !== undefined);
  writeFileSync(file, ggufFile({ entries: kept, tensors }));
  return ggufModel(readGguf(file), fileReaders);
}

describe('a llama model', () => {
  test('has the configuration that Hugging Face would write', async () => {
    expect((await model()).config).toEqual({
      _name_or_path: 'Tiny',
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      hidden_size: 8,
      intermediate_size: 6,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 4,
      hidden_act: 'silu',
      rms_norm_eps: 1e-5,
      max_position_embeddings: 64,
      vocab_size: 5,
      tie_word_embeddings: true,
      attention_bias: false,
      mlp_bias: false,
      rope_theta: 50000,
      rope_parameters: { rope_type: 'default', rope_theta: 50000 },
      bos_token_id: 1,
      eos_token_id: null,
    });
  });

  test('with a vocabulary of SentencePiece has the usual BOS and end where the file names none', async () => {
    const kind = (name: string) => textEntry('tokenizer.ggml.model', name);
    const { config } = await model({ kind: kind('llama'), bos: undefined });
    expect(config).toMatchObject({ bos_token_id: 1, eos_token_id: 2 });
    const other = await model({ kind: kind('gpt2'), bos: undefined });
    expect(other.config).toMatchObject({ bos_token_id: null, eos_token_id: null });
    const named = await model({ kind: kind('llama'), bos: u32Entry('tokenizer.ggml.bos_token_id', 3) });
    expect(named.config).toMatchObject({ bos_token_id: 3, eos_token_id: 2 });
  });

  test('has the names and shapes that Hugging Face would write', async () => {
    const { weights } = await model();
    expect(Object.fromEntries(weights.map(({ name, shape }) => [name, shape]))).toEqual({
      'model.embed_tokens.weight': [5, 8],
      'model.layers.0.input_layernorm.weight': [8],
      'model.layers.0.self_attn.q_proj.weight': [8, 8],
      'model.layers.0.self_attn.k_proj.weight': [4, 8],
      'model.layers.0.self_attn.v_proj.weight': [4, 8],
      'model.layers.0.self_attn.o_proj.weight': [8, 8],
      'model.layers.0.post_attention_layernorm.weight': [8],
      'model.layers.0.mlp.gate_proj.weight': [6, 8],
      'model.layers.0.mlp.up_proj.weight': [6, 8],
      'model.layers.0.mlp.down_proj.weight': [8, 6],
      'model.norm.weight': [8],
    });
  });

  test('with output.weight is not tied', async () => {
    const { config, weights } = await model({}, [...TENSORS, tensor('output.weight', WIDTH, TOKENS)]);
    expect(config.tie_word_embeddings).toBe(false);
    expect(weights.at(-1)!.name).toBe('lm_head.weight');
  });

  test('with biases in the whole attention says so, and puts theirs in order too', async () => {
    const biases = ['attn_q', 'attn_k', 'attn_v', 'attn_output'].map(name =>
      tensor(`blk.0.${name}.bias`, name === 'attn_k' || name === 'attn_v' ? 4 : 8),
    );
    const { config, weights } = await model({}, [...TENSORS, ...biases]);
    expect(config.attention_bias).toBe(true);
    const bias = weights.find(({ name }) => name.endsWith('q_proj.bias'))!;
    const pieces: number[] = [];
    for await (const piece of weightPieces(bias, fileReaders)) pieces.push(...piece);
    expect(pieces.map(Math.floor)).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });

  test('gives query and key rows back in halves, other rows as they stand', async () => {
    const { weights } = await model();
    const firstColumn = async (name: string): Promise<number[]> => {
      const plan = weights.find(weight => weight.name === `model.layers.0.self_attn.${name}.weight`)!;
      const values: number[] = [];
      for await (const piece of weightPieces(plan, fileReaders)) values.push(...piece);
      return values.filter((_, i) => i % WIDTH === 0).map(value => Math.floor(value / WIDTH));
    };
    expect(await firstColumn('q_proj')).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
    expect(await firstColumn('k_proj')).toEqual([0, 2, 1, 3]);
    expect(await firstColumn('v_proj')).toEqual([0, 1, 2, 3]);
    expect(await firstColumn('o_proj')).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('rotary scaling', () => {
  const linear = textEntry('llama.rope.scaling.type', 'linear');

  test('linear', async () => {
    const { config } = await model({ linear, factor: f32Entry('llama.rope.scaling.factor', 4) });
    expect(config.rope_parameters).toEqual({ rope_type: 'linear', factor: 4, rope_theta: 50000 });
  });

  test('none, whatever the factor', async () => {
    const none = textEntry('llama.rope.scaling.type', 'none');
    const { config } = await model({ none, factor: f32Entry('llama.rope.scaling.factor', 4) });
    expect(config.rope_parameters).toEqual({ rope_type: 'default', rope_theta: 50000 });
  });

  const withDivisors = (...divisors: number[]) =>
    model({}, [...TENSORS, { name: 'rope_freqs.weight', type: 0, sizes: [divisors.length], data: f32(...divisors) }]);

  test('that of Llama 3, told from its divisors', async () => {
    // Frequencies 1 and 50000^-(1/2): wavelengths 6.3 and 1405 tokens, of which 8192 / 4 = 2048 and
    // less stay.
    expect((await withDivisors(1, 1)).config.rope_parameters).toEqual({ rope_type: 'default', rope_theta: 50000 });
    const slow = f32Entry('llama.rope.freq_base', 1e8);
    const divisors = { name: 'rope_freqs.weight', type: 0, sizes: [2], data: f32(1, 32) };
    expect((await model({ theta: slow }, [...TENSORS, divisors])).config.rope_parameters).toEqual({
      rope_type: 'llama3',
      rope_theta: 1e8,
      factor: 32,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    });
  });

  test('any other divisors, at every length', async () => {
    const { config } = await withDivisors(1, 2);
    expect(config.rope_parameters).toEqual({
      rope_type: 'longrope',
      rope_theta: 50000,
      short_factor: [1, 2],
      long_factor: [1, 2],
      attention_factor: 1,
      original_max_position_embeddings: 64,
    });
  });

  test('any other is refused', async () => {
    for (const wrong of [
      [1, 1, 1],
      [1, 0],
      [1, Number.NaN],
      [1, -2],
    ]) {
      await expect(withDivisors(...wrong)).rejects.toThrow(/rope_freqs\.weight must hold 2 positive divisors/);
    }
    const yarn = textEntry('llama.rope.scaling.type', 'yarn');
    await expect(model({ yarn })).rejects.toThrow(/rotary scaling "yarn" is not supported/);
  });
});

test('settings that change nothing are passed over', async () => {
  const entries = {
    type: textEntry('general.type', 'model'),
    scale: f32Entry('llama.attention.scale', 0.5),
    factor: f32Entry('llama.rope.scaling.attn_factor', 1),
    experts: u32Entry('llama.expert_count', 0),
    used: u32Entry('llama.expert_used_count', 2),
    size: u32Entry('llama.vocab_size', TOKENS),
    layout: textEntry('llama.tensor_data_layout', 'Meta AI original pth'),
  };
  expect((await model(entries)).config).toEqual((await model()).config);
});

describe('refuses', () => {
  const without = (name: string) => TENSORS.filter(each => each.name !== name);
  const cases: readonly [string, () => Promise<GgufModel>, RegExp][] = [
    [
      'another architecture',
      () => model({ architecture: textEntry('general.architecture', 'mamba') }),
      /architecture "mamba" is not supported.*supported: llama/,
    ],
    [
      'a 64-bit number as architecture',
      () => model({ architecture: entry('general.architecture', VALUE.u64, u64(2n ** 64n - 1n)) }),
      /architecture 18446744073709551615 is not supported/,
    ],
    [
      'a 64-bit number as type',
      () => model({ type: entry('general.type', VALUE.u64, u64(2n ** 64n - 1n)) }),
      /GGUF calls 18446744073709551615/,
    ],
    ['no architecture', () => model({ architecture: undefined }), /architecture null is not supported/],
    [
      'experts',
      () => model({ experts: u32Entry('llama.expert_count', 8) }),
      /llama\.expert_count = 8, which is not supported/,
    ],
    [
      'a sliding window',
      () => model({ window: u32Entry('llama.attention.sliding_window', 16) }),
      /sliding_window = 16/,
    ],
    [
      'a scale of the scores',
      () => model({ scale: f32Entry('llama.attention.scale', 0.3) }),
      /llama\.attention\.scale = 0\.3, which is not supported/,
    ],
    [
      'a scale of rotated vectors',
      () => model({ factor: f32Entry('llama.rope.scaling.attn_factor', 1.25) }),
      /llama\.rope\.scaling\.attn_factor = 1\.25/,
    ],
    ['a setting that is not known', () => model({ other: textEntry('llama.other', 'x') }), /llama\.other = "x"/],
    [
      'an adapter',
      () => model({ type: textEntry('general.type', 'adapter') }),
      /no model but what GGUF calls "adapter"; give the file of the model/,
    ],
    ['a missing setting', () => model({ hiddenSize: undefined }), /llama\.embedding_length is missing/],
    [
      'a setting of 0',
      () => model({ layers: u32Entry('llama.block_count', 0) }),
      /block_count is 0, not a positive integer/,
    ],
    [
      'a setting as text',
      () => model({ inner: textEntry('llama.feed_forward_length', '6') }),
      /feed_forward_length is not a number/,
    ],
    [
      'four thousand million layers',
      () => model({ layers: u32Entry('llama.block_count', 4e9) }),
      /blocks are announced, the file has 11 tensors/,
    ],
    [
      'heads that cannot be shared',
      () => model({ heads: u32Entry('llama.attention.head_count', 3) }),
      /head of hiddenSize|cannot share/,
    ],
    ['partly rotated heads', () => model({ rotated: u32Entry('llama.rope.dimension_count', 2) }), /only 2 of 4 values/],
    [
      'other values than keys',
      () => model({ value: u32Entry('llama.attention.value_length', 8) }),
      /keys of 4 and values of 8/,
    ],
    ['a missing tensor', () => model({}, without('blk.0.ffn_up.weight')), /there is no tensor blk\.0\.ffn_up\.weight/],
    ['no embedding', () => model({}, without('token_embd.weight')), /there is no tensor token_embd\.weight/],
    [
      'a tensor of another shape',
      () => model({}, [...without('output_norm.weight'), tensor('output_norm.weight', 7)]),
      /output_norm\.weight has the shape \[7\], expected \[8\]/,
    ],
    [
      'a tensor that has no place',
      () => model({}, [...TENSORS, tensor('blk.0.attn_q_norm.weight', 4)]),
      /blk\.0\.attn_q_norm\.weight has no place in a llama model/,
    ],
    [
      'biases in part of the attention',
      () => model({}, [...TENSORS, tensor('blk.0.attn_q.bias', 8)]),
      /attn_q have biases but attn_k, attn_v, attn_output have none/,
    ],
  ];
  test.each(cases)('%s', async (_what, attempt, message) => {
    const error = await attempt().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).message).toContain('tiny.gguf: ');
  });
});
