/**
 * @file The graphs of a model. All are the same forward pass; they differ in what they read out:
 *
 *     prefix       keys and values that the tokens leave          (one sequence)
 *     observation  label log-probabilities and taps at one row    (B sequences)
 *     trace        logits and every tap at every row              (one sequence)
 *     gradient     loss, and its gradient by the key/value projections (one sequence, no prefix)
 */
import { differentiate } from '../graph/differentiate.ts';
import { factorsOf } from '../graph/operators/gemm.ts';
import * as g from '../graph/operators/index.ts';
import { constant, input, integers, type Tensor, weight } from '../graph/tensor.ts';
import {
  type Arrangement,
  type Attention,
  attend,
  type BothKeys,
  type PrefixInputs,
  scoresOfAll,
  scoresOfRows,
} from './attention.ts';
import { type Decoder, elements, type Pass, type ProjectionSpec, prefixShapes, type QueryKeyValue } from './decoder.ts';

/** Tensors by name, as a session takes and gives them. */
export type Outputs = Readonly<Record<string, Tensor>>;

/** Names of what is fed and read; N is the layer. */
export const names = {
  tokens: 'tokens',
  positions: 'positions',
  slots: 'slots',
  places: 'places',
  ownPositions: 'own_positions',
  prefixLogWeight: 'prefix.log_weight',
  prefixPositions: 'prefix.positions',
  prefixKey: (layer: number) => `prefix.layers.${layer}.key`,
  prefixValue: (layer: number) => `prefix.layers.${layer}.value`,
  key: (layer: number) => `layers.${layer}.key`,
  value: (layer: number) => `layers.${layer}.value`,
  attentionOutput: (layer: number) => `layers.${layer}.attention_output`,
  attentionScores: (layer: number) => `layers.${layer}.attention_scores`,
  contextScores: (layer: number) => `layers.${layer}.context_scores`,
  query: (layer: number) => `layers.${layer}.query`,
  gradient: (parameter: string) => `gradient.${parameter}`,
  /** The gradient of a matrix is left^T right, over the tokens of the sequence. */
  left: (parameter: string) => `gradient.${parameter}.left`,
  right: (parameter: string) => `gradient.${parameter}.right`,
  tapRows: 'tap_rows',
  readRows: 'read_rows',
  labels: 'labels',
  labelLogProbabilities: 'label_log_probabilities',
  logits: 'logits',
  targets: 'targets',
  targetWeights: 'target_weights',
  loss: 'loss',
} as const;

export interface Built {
  readonly pass: Pass;
  /** [N, D] */
  readonly hidden: Tensor;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly layers: readonly {
    readonly attention: Attention;
    readonly qkv: QueryKeyValue;
    readonly keys: BothKeys;
    readonly attentionOutput: Tensor;
    /** These three where the family marks its feed-forward. */
    readonly stream?: Tensor;
    readonly read?: Tensor;
    readonly output?: Tensor;
  }[];
  readonly prefix: readonly PrefixInputs[];
}

/** What a graph may change in the pass: given a tensor of the checkpoint, or the end of a layer, what takes its place. */
export interface Changes {
  readonly feedForward?: Pass['feedForward'];
  readonly tensor?: (name: string, tensor: Tensor) => Tensor;
  readonly layerOutput?: Pass['layerOutput'];
}

/** One forward pass of a checkpoint over the rows of one sequence or, packed, of several; behind a prefix or not. */
export function forward(
  decoder: Decoder,
  sequences: 'one' | 'packed',
  withPrefix: boolean,
  changes: Changes = {},
): Built {
  const parameters = new Map<string, Tensor>(
    decoder.projections.flat().map(({ name, shape }) => [name, input(name, 'float32', shape)]),
  );
  const weights = new Map<string, Tensor>(
    decoder.tensors.filter(({ name }) => !parameters.has(name)).map(({ name, shape }) => [name, weight(name, shape)]),
  );
  const tensor = (name: string) => parameters.get(name) ?? weights.get(name)!;
  const N = sequences === 'one' ? 'T' : 'N';
  const positions = input(names.positions, 'int32', [N]);
  const arrangement: Arrangement =
    sequences === 'one'
      ? { batch: 1 }
      : { slots: input(names.slots, 'int32', ['B', 'T']), places: input(names.places, 'int32', [N]) };
  const tokens = input(names.tokens, 'int32', [N]);
  const ownPositions = sequences === 'one' ? positions : input(names.ownPositions, 'int32', ['T']);
  const logWeight = input(names.prefixLogWeight, 'float32', [1]);
  const shapes = prefixShapes(decoder);
  const prefix = withPrefix
    ? Array.from({ length: decoder.layers }, (_, layer) => ({
        key: input(names.prefixKey(layer), 'float32', shapes.key),
        value: input(names.prefixValue(layer), 'float32', shapes.value),
        logWeight,
      }))
    : undefined;
  const keysOf = visibleKeys(decoder, positions, ownPositions);
  const layers: Partial<Built['layers'][number]>[] = [];
  const pass: Pass = {
    embed: table => g.gather(tensor(table), tokens),
    positions,
    tensor: name => changes.tensor?.(name, tensor(name)) ?? tensor(name),
    attend: (layer, qkv) => {
      const keys = keysOf(layer);
      const logEta = decoder.momentum?.(pass, layer);
      const momentum = logEta && { logEta, positions };
      const attention = attend(decoder, qkv, arrangement, keys, prefix?.[layer], momentum);
      layers[layer] = { attention, qkv, keys };
      return attention.output;
    },
    attentionOutput: (layer, attentionOutput) => {
      layers[layer] = { ...layers[layer], attentionOutput };
    },
    feedForward: (layer, reads) => {
      layers[layer] = { ...layers[layer], ...reads };
      changes.feedForward?.(layer, reads);
    },
    layerOutput: (layer, unchanged) => {
      const output = changes.layerOutput?.(layer, unchanged) ?? unchanged;
      layers[layer] = { ...layers[layer], output };
      return output;
    },
  };
  const hidden = decoder.hidden(pass);
  return { pass, hidden, parameters, layers: layers as Built['layers'], prefix: prefix ?? [] };
}

/**
 * The forward pass of training: B sequences of T tokens each with nothing before them, every tensor from `tensor`.
 * Inputs: tokens int32 [B, T], unless `embed` gives other rows [B*T, D]; positions int32 [T].
 *
 * @returns the hidden state after the final norm [B*T, D], and the logits [B*T, V] of such
 */
export function evenPass(
  decoder: Decoder,
  tensor: (name: string) => Tensor,
  embed: (table: string) => Tensor = table =>
    g.gather(tensor(table), g.reshape(input(names.tokens, 'int32', ['B', 'T']), ['B*T'])),
): { readonly hidden: Tensor; readonly logits: (hidden: Tensor) => Tensor } {
  const ownPositions = input(names.positions, 'int32', ['T']);
  const positions = g.reshape(g.expand(g.reshape(ownPositions, [1, 'T']), ['B', 'T']), ['B*T']);
  const keysOf = visibleKeys(decoder, positions, ownPositions);
  const pass: Pass = {
    embed,
    positions,
    tensor,
    attend: (layer, qkv) => {
      const logEta = decoder.momentum?.(pass, layer);
      const momentum = logEta && { logEta, positions };
      return attend(decoder, qkv, { batch: 'B' }, keysOf(layer), undefined, momentum).output;
    },
    attentionOutput: () => {},
    feedForward: () => {},
    layerOutput: (_, output) => output,
  };
  return { hidden: decoder.hidden(pass), logits: hidden => decoder.logits(pass, hidden) };
}

/**
 * The keys that each layer reads: earlier tokens, and of those the most recent ones where the layer has a window.
 *
 * @param positions int32 [N], of the rows
 * @param ownPositions int32 [T], of the tokens of a sequence
 */
function visibleKeys(decoder: Decoder, positions: Tensor, ownPositions: Tensor): (layer: number) => BothKeys {
  const prefixPositions = input(names.prefixPositions, 'int32', ['P']);
  const column = (x: Tensor) => g.reshape(x, [x.shape[0]!, 1, 1]);
  const row = (x: Tensor) => g.reshape(x, [1, 1, x.shape[0]!]);
  const hiddenUnless = (seen: Tensor) => g.where(seen, constant(0), constant(-1e30));
  const causal = hiddenUnless(g.lessOrEqual(row(ownPositions), column(ownPositions)));
  return layer => {
    const window = decoder.window?.(layer);
    // query - key < window
    const within = (query: Tensor, key: Tensor) =>
      window === undefined
        ? undefined
        : hiddenUnless(g.lessOrEqual(column(query), g.add(row(key), integers([window - 1]))));
    const own = within(ownPositions, ownPositions);
    return {
      own: { positions: ownPositions, mask: own === undefined ? causal : g.add(causal, own) },
      prefix: { positions: prefixPositions, mask: within(positions, prefixPositions) },
    };
  };
}

export function perLayer(built: Built, read: (layer: Built['layers'][number], n: number) => Outputs): Outputs {
  return Object.assign({}, ...built.layers.map(read));
}

/** Tokens behind a prefix -> the keys [G, dh, T] and values [G, T, dh] that they leave in every layer. */
export function prefixGraph(decoder: Decoder): Outputs {
  return perLayer(forward(decoder, 'one', true), ({ attention }, n) => ({
    [names.key(n)]: g.transposeMatrices(attention.key),
    [names.value(n)]: attention.value,
  }));
}

/**
 * B queries of up to T tokens, packed into N rows without padding, behind one prefix -> what is observed of them:
 * label_log_probabilities [R, C] of the C label tokens after each of the R read rows, and at the tap row of each query
 * layers.N.attention_output [B, D], .attention_scores [B, H, T] to the own tokens, .context_scores [B, P] to the prefix summed over heads,
 * .query [B, H*dh].
 */
export function observationGraph(decoder: Decoder): Outputs {
  const built = forward(decoder, 'packed', true);
  const tapRows = input(names.tapRows, 'int32', ['B']);
  const readRows = input(names.readRows, 'int32', ['R']);
  const labels = input(names.labels, 'int32', ['C']);
  const logits = decoder.logits(built.pass, g.gather(built.hidden, readRows));
  const ofLabels = g.transpose(g.gather(g.transpose(logits, [1, 0]), labels), [1, 0]);
  const taps = perLayer(built, ({ attention, qkv, keys, attentionOutput }, n) => {
    const query = g.gather(qkv.query, tapRows);
    const scores = scoresOfRows(decoder, query, attention.key, built.prefix[n]!.key, keys);
    return {
      [names.attentionOutput(n)]: g.gather(attentionOutput, tapRows),
      [names.attentionScores(n)]: scores.own,
      [names.contextScores(n)]: g.reduceSum(scores.prefix, [1]),
      [names.query(n)]: query,
    };
  });
  return { ...taps, [names.labelLogProbabilities]: g.sub(ofLabels, logSumExp(logits)) };
}

/** log sum_j exp(x_j) along the last axis, the largest taken out first: ReduceLogSumExp overflows on WebGPU. */
function logSumExp(x: Tensor): Tensor {
  const largest = g.reduceMax(x);
  return g.add(largest, g.log(g.reduceSum(g.exp(g.sub(x, largest)), [-1], { keepAxes: true })));
}

/**
 * One sequence of T tokens behind a prefix -> logits [T, V] and at every row layers.N.attention_output [T, D],
 * .attention_scores [H, T, P+T] before the mask, .query [T, H*dh].
 */
export function traceGraph(decoder: Decoder): Outputs {
  const built = forward(decoder, 'one', true);
  const taps = perLayer(built, ({ attention, qkv, keys, attentionOutput }, n) => ({
    [names.attentionOutput(n)]: attentionOutput,
    [names.attentionScores(n)]: scoresOfAll(decoder, qkv.query, attention.key, built.prefix[n]!.key, keys),
    [names.query(n)]: qkv.query,
  }));
  return { ...taps, [names.logits]: decoder.logits(built.pass, built.hidden) };
}

/**
 * The loss of one sequence, the weighted sum of its next-token cross-entropies (weights 1/T: their mean), and its gradient by the key
 * and value projections of all layers. That of a matrix is a sum over tokens of error signal times input (Dai et al., eq. 8), and leaves
 * the graph as these two factors, [T, M] and [T, K]: `update-graph.ts` multiplies them in the place of the result.
 *
 * Also gives layers.N.query [T, H*dh], the scaled queries before the step (Dai et al., section 4.3: attention to training tokens).
 */
export function gradientGraph(decoder: Decoder): Outputs {
  const built = forward(decoder, 'one', false);
  const targets = input(names.targets, 'int32', ['T']);
  const targetWeights = input(names.targetWeights, 'float32', ['T']);
  const logits = decoder.logits(built.pass, built.hidden);
  const loss = g.reduceSum(g.mul(g.crossEntropy(logits, targets), targetWeights), [0]);
  const queries = perLayer(built, ({ qkv }, n) => ({ [names.query(n)]: qkv.query }));
  // In the order of computation: the first that is not finite tells where the numbers left.
  return { ...queries, [names.loss]: loss, ...gradientsOf(loss, built, decoder.projections.flat()) };
}

function gradientsOf(loss: Tensor, { parameters }: Built, specs: readonly ProjectionSpec[]): Outputs {
  const gradients = differentiate(
    loss,
    specs.map(({ name }) => parameters.get(name)!),
  );
  return Object.assign({}, ...specs.map((spec, i) => gradientOutputs(spec, gradients[i]!)));
}

/**
 * A vector's gradient whole; a matrix's as its factors, which are small. Where the tensor also holds queries, theirs is taken out.
 */
function gradientOutputs({ name, changed }: ProjectionSpec, gradient: Tensor): Outputs {
  const kept = (x: Tensor) => {
    const size = x.shape.at(-1) as number;
    const mask = Float32Array.from({ length: size }, (_, i) => (changed!.index(i) ? 1 : 0));
    return g.mul(x, constant(mask, [size]));
  };
  if (gradient.shape.length === 1) return { [names.gradient(name)]: changed ? kept(gradient) : gradient };
  const factors = factorsOf(gradient);
  if (factors === undefined) throw new Error(`the gradient of ${name} is no product of two matrices`);
  const [left, right] = factors;
  return {
    [names.left(name)]: changed?.axis === 0 ? kept(left) : left,
    [names.right(name)]: changed?.axis === 1 ? kept(right) : right,
  };
}

/** More than a processor's caches hold, as a whole model is. */
const TRIED_WEIGHTS = 2 ** 25;

/** How many of the first layers show what the others take: two, of which some families have two kinds in turn, or more of a small model. */
function triedLayers({ layers, tensors }: Decoder): number {
  return Math.min(layers, Math.max(2, Math.ceil((layers * TRIED_WEIGHTS) / elements(tensors))));
}

/** The attention outputs [B, D] of the first layers at the tap row of each query: a part of the observation, to try how fast it goes. */
export function firstLayersGraph(decoder: Decoder): Outputs {
  const { layers } = forward(decoder, 'packed', true);
  const tapRows = input(names.tapRows, 'int32', ['B']);
  return Object.fromEntries(
    layers
      .slice(0, triedLayers(decoder))
      .map(({ attentionOutput }, n) => [names.attentionOutput(n), g.gather(attentionOutput, tapRows)]),
  );
}

/** The gradient of the summed attention output of the last of these layers by their key/value qkv: a part of a gradient. */
export function firstGradientGraph(decoder: Decoder): Outputs {
  const built = forward(decoder, 'one', false);
  const tried = triedLayers(decoder);
  const loss = g.reduceSum(built.layers[tried - 1]!.attentionOutput, [0, 1]);
  return gradientsOf(loss, built, decoder.projections.slice(0, tried).flat());
}
