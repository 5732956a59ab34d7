/**
 * @file GPT decoders for training from scratch, built like GPT-2: learned positions, layer norms
 * before attention and feed-forward, tanh GELU, tied head; with or without momentum attention. The
 * trained model is a checkpoint of family gpt2.
 */
import { UserError } from '../error.ts';
import * as g from '../graph/operators/index.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import type { Decoder } from '../model/decoder.ts';
import { readDecoder } from '../model/families/index.ts';
import { integers, numbers } from '../model/feeds.ts';
import { evenPass } from '../model/forward.ts';
import { configWithMomentum, type Momentum } from '../model/momentum.ts';
import type { Feeds, Initial, Objective, Parameter } from './objective.ts';
import type { ModelNumbers } from './presets.ts';

export interface GptShape extends ModelNumbers {
  readonly momentum?: Momentum;
  /** The token between documents; 0 if absent. */
  readonly endOfText?: number;
  /** Of the first weights; unless given GPT-2's 0.02, which is small for much narrower models. */
  readonly deviation?: number;
}

/** config.json of such a decoder, as Hugging Face writes it for GPT-2. */
export function gptConfig(shape: GptShape): Readonly<Record<string, unknown>> {
  const { layers, heads, hiddenSize, feedForward, vocabulary, context, momentum, endOfText = 0 } = shape;
  const { deviation = DEVIATION } = shape;
  if (hiddenSize % heads !== 0)
    throw new UserError(`must divide \`hiddenSize\` ${hiddenSize}`, { option: 'heads', value: heads });
  const config = {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: vocabulary,
    n_positions: context,
    n_ctx: context,
    n_embd: hiddenSize,
    n_layer: layers,
    n_head: heads,
    n_inner: feedForward,
    activation_function: 'gelu_new',
    layer_norm_epsilon: 1e-5,
    initializer_range: deviation,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    bos_token_id: endOfText,
    eos_token_id: endOfText,
    tie_word_embeddings: true,
    torch_dtype: 'float32',
  };
  // Other programs do not know this architecture and must not load it as a plain model.
  return momentum === undefined
    ? config
    : { ...configWithMomentum(config, momentum), architectures: ['MomentumLMHeadModel'] };
}

const DEVIATION = 0.02;
/** Learned momentum begins at sigmoid(-2) = 0.12. */
const FIRST_LOGIT = -2;

/**
 * Initial values of GPT-2 (Radford et al. 2019, section 2.3): projections to the residual stream
 * are smaller in deeper models.
 */
function initialOf(name: string, layers: number, deviation: number): Initial {
  if (name.startsWith('momentum.')) return { value: FIRST_LOGIT };
  if (name.endsWith('.bias')) return { value: 0 };
  if (/\.ln_\w+\.weight$/.test(name)) return { value: 1 };
  return { deviation: name.endsWith('.c_proj.weight') ? deviation / Math.sqrt(2 * layers) : deviation };
}

function parametersOf({ tensors, layers }: Decoder, config: Readonly<Record<string, unknown>>): readonly Parameter[] {
  const deviation = typeof config.initializer_range === 'number' ? config.initializer_range : DEVIATION;
  return tensors.map(({ name, shape }) => ({ name, shape, initial: initialOf(name, layers, deviation) }));
}

/**
 * Next-token prediction: the loss is the weighted sum of cross-entropies, targets int32 [B, T] and
 * weights float32 [B, T] are inputs besides those of the forward pass. Outputs: losses [B, T],
 * logits [B, T, V]. `languageFeeds` makes the feeds.
 *
 * @param config as `gptConfig` makes it, or of any other supported family
 */
export function languageModel(config: Readonly<Record<string, unknown>>): Objective {
  const decoder = readDecoder(config, 'the model to train');
  return {
    parameters: parametersOf(decoder, config),
    build: parameter => {
      const { hidden, logits } = evenPass(decoder, parameter);
      const all = logits(hidden);
      const targets = input('targets', 'int32', ['B', 'T']);
      const losses = g.crossEntropy(all, g.reshape(targets, ['B*T']));
      return {
        loss: weightedSum(losses),
        outputs: {
          losses: g.reshape(losses, ['B', 'T']),
          logits: g.reshape(all, ['B', 'T', decoder.vocabulary]),
        },
      };
    },
  };
}

/** The sum of x [B*T] weighted by the input weights [B, T]. */
function weightedSum(x: Tensor): Tensor {
  return g.reduceSum(g.mul(x, g.reshape(input('weights', 'float32', ['B', 'T']), ['B*T'])), [0]);
}

/**
 * Feeds of B sequences of T + 1 tokens: each token is predicted from those before it.
 *
 * @param counted whether the prediction of token t + 1 of a sequence counts; all if absent. The
 * loss is the mean over these.
 */
export function languageFeeds(
  sequences: readonly ArrayLike<number>[],
  counted: (sequence: number, t: number) => boolean = () => true,
): Feeds {
  const [B, T] = [sequences.length, sequences[0]!.length - 1];
  const tokens = new Int32Array(B * T);
  const targets = new Int32Array(B * T);
  const weights = new Float32Array(B * T);
  sequences.forEach((sequence, b) => {
    for (let t = 0; t < T; t++) {
      tokens[b * T + t] = sequence[t]!;
      targets[b * T + t] = sequence[t + 1]!;
      weights[b * T + t] = counted(b, t) ? 1 : 0;
    }
  });
  return {
    tokens: integers([B, T], tokens),
    targets: integers([B, T], targets),
    ...positionsAndWeights(B, T, weights),
  };
}

/** Normalises weights to sum 1. */
function positionsAndWeights(B: number, T: number, weights: Float32Array): Feeds {
  const sum = weights.reduce((a, b) => a + b, 0);
  return {
    positions: integers(
      [T],
      Int32Array.from({ length: T }, (_, t) => t),
    ),
    weights: numbers(
      [B, T],
      weights.map(weight => weight / sum),
    ),
  };
}

/**
 * The same decoder over vectors instead of tokens, with one number as output at each: learns
 * functions in context (Garg et al. 2022). Inputs vectors float32 [B, T, inputSize], answers and
 * weights [B, T]; the loss is the weighted sum of squared errors. Outputs: predictions [B, T].
 * `vectorFeeds` makes the feeds.
 */
export function vectorModel(shape: Omit<GptShape, 'vocabulary' | 'endOfText'>, inputSize: number): Objective {
  const config = gptConfig({ ...shape, vocabulary: 1 });
  const decoder = readDecoder(config, 'the model to train');
  const D = decoder.hiddenSize;
  return {
    parameters: [
      ...parametersOf(decoder, config).filter(({ name }) => name !== 'transformer.wte.weight'),
      { name: 'read_in.weight', shape: [D, inputSize], initial: { deviation: inputSize ** -0.5 } },
      { name: 'read_out.weight', shape: [1, D], initial: { deviation: DEVIATION } },
      { name: 'read_out.bias', shape: [1], initial: { value: 0 } },
    ],
    build: parameter => {
      const vectors = g.reshape(input('vectors', 'float32', ['B', 'T', inputSize]), ['B*T', inputSize]);
      const rows = g.gemm(vectors, parameter('read_in.weight'), { transposeB: true });
      const { hidden } = evenPass(decoder, parameter, () => rows);
      const read = g.gemm(hidden, parameter('read_out.weight'), { transposeB: true });
      const predictions = g.add(g.reshape(read, ['B*T']), parameter('read_out.bias'));
      const error = g.sub(predictions, g.reshape(input('answers', 'float32', ['B', 'T']), ['B*T']));
      return {
        loss: weightedSum(g.mul(error, error)),
        outputs: { predictions: g.reshape(predictions, ['B', 'T']) },
      };
    },
  };
}

/**
 * Feeds of B sequences of T vectors.
 *
 * @param weights [B, T] of the predictions, normalised to sum 1
 */
export function vectorFeeds(
  [B, T, inputSize]: readonly [number, number, number],
  {
    vectors,
    answers,
    weights,
  }: { readonly vectors: Float32Array; readonly answers: Float32Array; readonly weights: Float32Array },
): Feeds {
  return {
    vectors: numbers([B, T, inputSize], vectors),
    answers: numbers([B, T], answers),
    ...positionsAndWeights(B, T, weights),
  };
}
