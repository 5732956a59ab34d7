/** @file Gemma 1, 2 and 3, text only. Their writers keep 1 + w of each norm. */
import type { GgufFile, Sizes } from './architecture.ts';
import { llamaLike, tanhGelu } from './llama.ts';

// A Gemma with this many blocks is the 27B model, whose scores are scaled by the mean size of a
// head; the file has no setting for it.
const LAYERS_OF_27B: Readonly<Record<string, number>> = { gemma2: 46, gemma3: 62 };

/** The number whose inverse root scales the scores. */
function queryScalar({ settings }: GgufFile, { layers, hiddenSize, heads, headDim }: Sizes): number {
  const scale = settings.number('{arch}.attention.scale') ?? 0;
  if (scale !== 0) return scale ** -2;
  return layers === LAYERS_OF_27B[settings.architecture] ? Math.floor(hiddenSize / heads) : headDim;
}

function softCaps({ settings }: GgufFile, usual: { readonly scores: number | null; readonly logits: number | null }) {
  const cap = (key: string, fallback: number | null) => {
    const value = settings.number(key) ?? fallback;
    return value === 0 ? null : value;
  };
  return {
    attn_logit_softcapping: cap('{arch}.attn_logit_softcapping', usual.scores),
    final_logit_softcapping: cap('{arch}.final_logit_softcapping', usual.logits),
  };
}

/**
 * Layers with a sliding window: all but the last of every `period`, or as a list in the file tells.
 */
function layerTypes({ settings }: GgufFile, { layers }: Sizes, usual: number): readonly string[] {
  const pattern = settings.raw('{arch}.attention.sliding_window_pattern') ?? usual;
  const slides = (layer: number): boolean => {
    if (typeof pattern === 'number') return pattern > 0 && layer % pattern < pattern - 1;
    const entry = typeof pattern === 'object' ? pattern[layer] : undefined;
    if (typeof entry === 'boolean') return entry;
    return settings.fail(
      `${settings.architecture}.attention.sliding_window_pattern must be a number, or a boolean for each of ${layers} layers`,
    );
  };
  return Array.from({ length: layers }, (_, layer) => (slides(layer) ? 'sliding_attention' : 'full_attention'));
}

export const gemma = llamaLike({
  modelType: 'gemma',
  className: 'GemmaForCausalLM',
  attentionBiases: 'none',
  onePlusNorms: true,
  activation: tanhGelu,
});

export const gemma2 = llamaLike({
  modelType: 'gemma2',
  className: 'Gemma2ForCausalLM',
  attentionBiases: 'none',
  onePlusNorms: true,
  outputNorms: true,
  activation: tanhGelu,
  config: (file, sizes, rope) => ({
    query_pre_attn_scalar: queryScalar(file, sizes),
    ...softCaps(file, { scores: 50, logits: 30 }),
    sliding_window: file.settings.number('{arch}.attention.sliding_window') ?? 4096,
    layer_types: layerTypes(file, sizes, 2),
    rope_theta: rope.rope_theta,
    rope_parameters: rope,
  }),
});

export const gemma3 = llamaLike({
  modelType: 'gemma3_text',
  className: 'Gemma3ForCausalLM',
  attentionBiases: 'none',
  onePlusNorms: true,
  outputNorms: true,
  headNorms: true,
  activation: tanhGelu,
  config: (file, sizes, rope) => {
    const { settings } = file;
    settings.required('{arch}.rope.freq_base');
    const local = settings.number('{arch}.rope.freq_base_swa') ?? 10000;
    const window = settings.number('{arch}.attention.sliding_window') ?? 0;
    return {
      query_pre_attn_scalar: queryScalar(file, sizes),
      ...softCaps(file, { scores: null, logits: null }),
      ...(window > 0 && { sliding_window: window }),
      layer_types: window > 0 ? layerTypes(file, sizes, 6) : Array(sizes.layers).fill('full_attention'),
      rope_parameters: {
        full_attention: rope,
        sliding_attention: { rope_type: 'default', rope_theta: local },
      },
    };
  },
});
