import type { Gguf, GgufTensor } from './gguf.ts';
import type { GgufModel, WeightPlan } from './gguf-model.ts';
import { type GgufSettings, ggufSettings } from './gguf-settings.ts';
import { readGgufTensor } from './gguf-values.ts';

/** Settings that would change the forward pass; a file that uses one is refused rather than run wrongly. */
const UNUSABLE = [
  'expert_count',
  'attention.sliding_window',
  'attention.max_alibi_bias',
  'attention.clamp_kqv',
  'attention.scale',
  'attn_logit_softcapping',
  'final_logit_softcapping',
  'logit_scale',
  'residual_scale',
  'embedding_scale',
  'use_parallel_residual',
];

// Inverse frequencies that old converters stored; they follow from the settings.
const IGNORED = /^(?:rope_freqs\.weight|blk\.\d+\.attn_rot_embd\.weight|blk\.\d+\.attention\.rotary_emb\.inv_freq)$/;

/**
 * A GGUF file of architecture `llama` as Hugging Face's `LlamaForCausalLM`: configuration, and which tensor becomes which
 * weight. Query and key rows are marked to be put back from the interleaved order.
 *
 * @throws UserError when a setting or tensor is missing or cannot be represented, by its name.
 */
export async function llamaFromGguf(gguf: Gguf): Promise<GgufModel> {
  const settings = ggufSettings(gguf, 'llama');
  refuseUnusable(settings);
  const width = settings.size('{arch}.embedding_length');
  const inner = settings.size('{arch}.feed_forward_length');
  const layers = settings.size('{arch}.block_count');
  const heads = settings.size('{arch}.attention.head_count');
  const keyValueHeads = settings.number('{arch}.attention.head_count_kv') ?? heads;
  const headWidth = settings.number('{arch}.attention.key_length') ?? width / heads;
  checkHeads(settings, { heads, keyValueHeads, headWidth });
  // A block has at least nine tensors; the cap keeps a wrong count from being walked through.
  if (layers > gguf.tensors.size)
    settings.fail(`${layers} blocks are announced, the file has ${gguf.tensors.size} tensors`);

  const embedding = gguf.tensors.get('token_embd.weight') ?? settings.fail('there is no tensor token_embd.weight');
  const vocabulary = embedding.shape[0]!;
  const tied = !gguf.tensors.has('output.weight');
  const attentionBias = biases(gguf, settings, ['attn_q', 'attn_k', 'attn_v', 'attn_output']);
  const innerBias = biases(gguf, settings, ['ffn_gate', 'ffn_up', 'ffn_down']);

  const plan = new Map<string, WeightPlan>();
  const add = (name: string, from: string, shape: readonly number[], interleavedHeads?: number): void => {
    const tensor = gguf.tensors.get(from) ?? settings.fail(`there is no tensor ${from}`);
    if (`${tensor.shape}` !== `${shape}`) {
      settings.fail(`tensor ${from} has the shape [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`);
    }
    plan.set(from, { name, shape, tensor, ...(interleavedHeads !== undefined && { interleavedHeads }) });
  };
  const projection = (
    name: string,
    from: string,
    shape: [number, number],
    bias: boolean,
    interleaved?: number,
  ): void => {
    add(`${name}.weight`, `${from}.weight`, shape, interleaved);
    if (bias) add(`${name}.bias`, `${from}.bias`, [shape[0]], interleaved);
  };
  const [queryWidth, keyWidth] = [heads * headWidth, keyValueHeads * headWidth];
  add('model.embed_tokens.weight', 'token_embd.weight', [vocabulary, width]);
  for (let n = 0; n < layers; n++) {
    const to = `model.layers.${n}`;
    const block = `blk.${n}`;
    add(`${to}.input_layernorm.weight`, `${block}.attn_norm.weight`, [width]);
    projection(`${to}.self_attn.q_proj`, `${block}.attn_q`, [queryWidth, width], attentionBias, heads);
    projection(`${to}.self_attn.k_proj`, `${block}.attn_k`, [keyWidth, width], attentionBias, keyValueHeads);
    projection(`${to}.self_attn.v_proj`, `${block}.attn_v`, [keyWidth, width], attentionBias);
    projection(`${to}.self_attn.o_proj`, `${block}.attn_output`, [width, queryWidth], attentionBias);
    add(`${to}.post_attention_layernorm.weight`, `${block}.ffn_norm.weight`, [width]);
    projection(`${to}.mlp.gate_proj`, `${block}.ffn_gate`, [inner, width], innerBias);
    projection(`${to}.mlp.up_proj`, `${block}.ffn_up`, [inner, width], innerBias);
    projection(`${to}.mlp.down_proj`, `${block}.ffn_down`, [width, inner], innerBias);
  }
  add('model.norm.weight', 'output_norm.weight', [width]);
  if (!tied) add('lm_head.weight', 'output.weight', [vocabulary, width]);
  for (const name of gguf.tensors.keys()) {
    if (!plan.has(name) && !IGNORED.test(name)) settings.fail(`tensor ${name} has no place in a llama model`);
  }

  const token = (key: string): number | null => settings.number(`tokenizer.ggml.${key}_token_id`) ?? null;
  const name = settings.text('general.name');
  const config = {
    ...(name !== undefined && { _name_or_path: name }),
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: width,
    intermediate_size: inner,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    head_dim: headWidth,
    hidden_act: 'silu',
    rms_norm_eps:
      settings.number('{arch}.attention.layer_norm_rms_epsilon') ??
      settings.fail('llama.attention.layer_norm_rms_epsilon is missing'),
    max_position_embeddings: settings.size('{arch}.context_length'),
    vocab_size: vocabulary,
    tie_word_embeddings: tied,
    attention_bias: attentionBias,
    mlp_bias: innerBias,
    ...(await rotaryConfig(gguf, settings, headWidth)),
    bos_token_id: token('bos'),
    eos_token_id: token('eos'),
  };
  return { config, weights: [...plan.values()] };
}

function refuseUnusable(settings: GgufSettings): void {
  for (const key of UNUSABLE) {
    const value = settings.raw(`{arch}.${key}`);
    if (value !== undefined && value !== 0 && value !== false) {
      settings.fail(`it uses llama.${key} = ${String(value)}, which is not supported`);
    }
  }
}

function checkHeads(settings: GgufSettings, sizes: { heads: number; keyValueHeads: number; headWidth: number }): void {
  const { heads, keyValueHeads, headWidth } = sizes;
  if (!Number.isInteger(keyValueHeads) || keyValueHeads <= 0 || heads % keyValueHeads !== 0) {
    settings.fail(`${heads} heads cannot share ${keyValueHeads} key/value heads`);
  }
  if (!Number.isInteger(headWidth) || headWidth <= 0 || headWidth % 2 !== 0) {
    settings.fail(`a head of width ${headWidth} cannot be rotated; an even integer is needed`);
  }
  const valueWidth = settings.number('{arch}.attention.value_length') ?? headWidth;
  if (valueWidth !== headWidth)
    settings.fail(`heads have keys of ${headWidth} and values of ${valueWidth}, which is not supported`);
  const rotated = settings.number('{arch}.rope.dimension_count') ?? headWidth;
  if (rotated !== headWidth)
    settings.fail(`only ${rotated} of ${headWidth} values of a head are rotated, which is not supported`);
}

/** Whether the projections have biases; in Hugging Face's model they have all of a group or none. */
function biases(gguf: Gguf, settings: GgufSettings, projections: readonly string[]): boolean {
  const present = projections.filter(name => gguf.tensors.has(`blk.0.${name}.bias`));
  if (present.length !== 0 && present.length !== projections.length) {
    const missing = projections.filter(name => !present.includes(name));
    settings.fail(`${present.join(', ')} have biases but ${missing.join(', ')} have none, which is not supported`);
  }
  return present.length > 0;
}

async function rotaryConfig(gguf: Gguf, settings: GgufSettings, headWidth: number): Promise<Record<string, unknown>> {
  const theta = settings.number('{arch}.rope.freq_base') ?? 10000;
  const scaling = settings.text('{arch}.rope.scaling.type') ?? 'none';
  const factor = settings.number('{arch}.rope.scaling.factor') ?? settings.number('{arch}.rope.scale_linear') ?? 1;
  const frequencies = gguf.tensors.get('rope_freqs.weight');
  const result = (parameters: Record<string, unknown>) => ({
    rope_theta: theta,
    rope_parameters: { ...parameters, rope_theta: theta },
  });
  if (scaling !== 'none' && scaling !== 'linear') {
    settings.fail(`rotary scaling "${scaling}" is not supported; none, linear and that of Llama 3 are`);
  }
  const linear = factor !== 1 && (scaling === 'linear' || settings.raw('{arch}.rope.scaling.type') === undefined);
  if (frequencies === undefined) return result(linear ? { rope_type: 'linear', factor } : { rope_type: 'default' });
  if (linear) settings.fail('it has both rope_freqs.weight and linear rotary scaling, which is not supported');
  return result(await llama3Scaling(gguf, settings, { frequencies, theta, headWidth }));
}

// What every Llama 3.1 - 3.3 was trained with; the file stores only the divisors that follow from them.
const LLAMA3 = { low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

/** The divisors in `rope_freqs.weight` as the parameters of Llama 3's scaling, if these reproduce them. */
async function llama3Scaling(
  gguf: Gguf,
  settings: GgufSettings,
  rotary: { readonly frequencies: GgufTensor; readonly theta: number; readonly headWidth: number },
): Promise<Record<string, unknown>> {
  const { frequencies, theta, headWidth } = rotary;
  const half = headWidth / 2;
  const divisors = await readGgufTensor(gguf, frequencies);
  const factor = Math.max(...divisors);
  const original =
    settings.number('{arch}.rope.scaling.original_context_length') ?? LLAMA3.original_max_position_embeddings;
  const parameters = { ...LLAMA3, original_max_position_embeddings: original, factor };
  const matches = (expected: (j: number) => number): boolean =>
    divisors.length === half && divisors.every((divisor, j) => Math.abs(divisor / expected(j) - 1) < 1e-4);
  if (matches(() => 1)) return { rope_type: 'default' };
  if (matches(j => llama3Divisor(theta ** ((-2 * j) / headWidth), parameters)))
    return { rope_type: 'llama3', ...parameters };
  return settings.fail('rope_freqs.weight holds other rotary divisors than Llama 3 uses, which is not supported');
}

/** By how much Llama 3 divides a rotary frequency: 1 above the high border, `factor` below the low one, between them smoothly. */
function llama3Divisor(frequency: number, parameters: typeof LLAMA3 & { readonly factor: number }): number {
  const turns = (parameters.original_max_position_embeddings * frequency) / (2 * Math.PI);
  const { low_freq_factor: low, high_freq_factor: high, factor } = parameters;
  if (turns < low) return factor;
  if (turns > high) return 1;
  const smooth = (turns - low) / (high - low);
  return 1 / ((1 - smooth) / factor + smooth);
}
