/**
 * @file GPT-Neo (Black et al. 2021): unscaled attention scores, global layers alternating with
 * local ones that see a window of recent tokens, learned positions, a head that is tied by default.
 */
import * as z from 'zod/mini';
import { UserError } from '../../error.ts';
import * as g from '../../graph/operators/index.ts';
import type { Decoder } from '../decoder.ts';
import { activationName } from '../layers/activation.ts';
import { linearsOf, linearTensors } from '../layers/linear.ts';
import { learnedPositions } from '../layers/positions.ts';
import { divided, headCount, layerCount, parseConfig, positive, positiveInteger, size } from '../parse-config.ts';
import { preNormDecoder, readApart } from './pre-norm.ts';

const kind = z.enum(['global', 'local']);
type Kind = z.output<typeof kind>;
const schema = z.object({
  vocab_size: size,
  max_position_embeddings: z._default(positiveInteger, 2048),
  hidden_size: size,
  num_layers: layerCount,
  num_heads: z._default(headCount, 16),
  intermediate_size: z.nullish(size),
  attention_types: z.nullish(z.array(z.tuple([z.array(kind).check(z.minLength(1)), z.int().check(z.nonnegative())]))),
  attention_layers: z.optional(z.array(kind)),
  window_size: z._default(positiveInteger, 256),
  activation_function: z._default(activationName, 'gelu_new'),
  layer_norm_epsilon: z._default(positive, 1e-5),
  tie_word_embeddings: z._default(z.boolean(), true),
});

/** Aliases of the keys in transformers. */
const aliases = { num_attention_heads: 'num_heads', num_hidden_layers: 'num_layers' };

type Pattern = readonly [kinds: readonly Kind[], times: number];
const usualPatterns: readonly Pattern[] = [[['global', 'local'], 12]];

/**
 * The kinds of all layers from patterns and their counts. Empty where they give another number of
 * layers.
 */
function expanded(types: readonly Pattern[], layers: number) {
  const told = types.reduce((sum, [pattern, times]) => sum + pattern.length * times, 0);
  return told === layers ? types.flatMap(([pattern, times]) => Array(times).fill(pattern).flat() as Kind[]) : [];
}

export function gptNeo(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const c = parseConfig(schema, config, source, aliases);
  const [D, V] = [c.hidden_size, c.vocab_size];
  const F = c.intermediate_size ?? 4 * D;
  const headDim = divided(source, D, c.num_heads);
  const kinds = c.attention_layers ?? expanded(c.attention_types ?? usualPatterns, c.num_layers);
  if (kinds.length !== c.num_layers) {
    throw new UserError(`${source}: attention_types does not give the ${c.num_layers} layers of num_layers`);
  }
  const embedding = 'transformer.wte.weight';
  const positions = 'transformer.wpe.weight';
  const layers = Array.from({ length: c.num_layers }, (_, n) => {
    const layer = `transformer.h.${n}`;
    const [plain, biased] = [linearsOf(layer, { bias: false }), linearsOf(layer, { bias: true })];
    const [key, value] = [plain('attn.attention.k_proj', D, D), plain('attn.attention.v_proj', D, D)];
    return {
      key,
      value,
      attentionNorm: `${layer}.ln_1`,
      ...readApart(plain('attn.attention.q_proj', D, D), key, value),
      scale: 1,
      output: biased('attn.attention.out_proj', D, D),
      feedForwardNorm: `${layer}.ln_2`,
      inner: biased('mlp.c_fc', D, F),
      outer: biased('mlp.c_proj', F, D),
    };
  });
  return preNormDecoder({
    family: 'gpt_neo',
    sizes: {
      layers: c.num_layers,
      heads: c.num_heads,
      keyValueHeads: c.num_heads,
      headDim,
      hiddenSize: D,
      vocabulary: V,
      context: c.max_position_embeddings,
    },
    window: layer => (kinds[layer] === 'local' ? c.window_size : undefined),
    embedding,
    head: c.tie_word_embeddings ? embedding : 'lm_head.weight',
    positionTensors: [{ name: positions, shape: [c.max_position_embeddings, D] }],
    embed: (pass, embedded) => g.add(embedded, learnedPositions(pass, positions)),
    layers,
    projections: layers.map(({ key, value }) => [key, value].flatMap(linearTensors)),
    finalNorm: 'transformer.ln_f',
    activation: c.activation_function,
    epsilon: c.layer_norm_epsilon,
  });
}
