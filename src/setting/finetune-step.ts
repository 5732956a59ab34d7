/**
 * @file One step of finetuning, from top to bottom: plain SGD on the key and value projections of
 * all layers (Dai et al., section 4.2),
 *
 *     W <- W - lr * dL/dW,   L = -1/(T-1) sum_{t < T} log p(x_{t+1} | x_1 .. x_t)
 *
 * `finetuneStep` is the step: it runs `gradientGraph` over the sequence, then `updateGraph` over
 * the projections, a group of layers at a time. Letters: T tokens, a projection W is [M, K].
 */
import { differentiate } from '../graph/differentiate.ts';
import * as g from '../graph/operators/index.ts';
import { constant, input, type Tensor } from '../graph/tensor.ts';
import { type Decoder, elements, type ProjectionSpec } from '../model/decoder.ts';
import { integers, numbers, tokenFeeds } from '../model/feeds.ts';
import { type ForwardPass, forward, type Outputs, perLayer } from '../model/forward.ts';
import type { LoadedModel, ModelGraph, Projections } from '../model/loaded-model.ts';
import { names } from '../model/names.ts';
import type { Handle, TensorData } from '../runtime/runtime.ts';

export interface StepOptions {
  readonly learningRate: number;
  /** Names the step in error messages. */
  readonly doing: string;
  /**
   * The loss and its gradients; `gradientGraph` unless given. Its outputs have the names of that
   * one.
   */
  readonly graph?: ModelGraph;
  /** Where the gradient is taken; at the projections that the step changes unless given. */
  readonly at?: Projections;
  /** Whether the queries are returned. */
  readonly queries: boolean;
}

export interface FinetuneStep {
  /** The projections after the step. */
  readonly projections: Projections;
  /** L before the step, in nats. */
  readonly loss: number;
  /** The scaled queries of all tokens before the step: [T, H*dh] in each layer; empty unless requested. */
  readonly queries: readonly Float32Array[];
  /** Time inside the graphs. */
  readonly seconds: number;
}

/**
 * Takes one step on one sequence. Releases the projections before the step, but for the pretrained
 * ones; a step therefore needs one set of projections next to the pretrained ones, and little more.
 *
 * @param sequence token ids, at least two
 * @throws NonFiniteError naming the first layer that has a NaN or an infinity
 */
export async function finetuneStep(
  model: LoadedModel,
  projections: Projections,
  sequence: readonly number[],
  { learningRate, doing, graph = gradientGraph, at = projections, queries }: StepOptions,
): Promise<FinetuneStep> {
  const { runtime, decoder } = model;

  // 1. Loss and gradients. All gradients are computed before any projection changes.
  const gradientSession = await model.session(graph);
  const queryNames = Array.from({ length: decoder.layers }, (_, layer) => names.query(layer));
  // The queries are computed in any case, so that an error names the first layer that diverged.
  const fetch = queries ? [...queryNames, its.loss] : [its.loss];
  const { fetched, kept, ...pass } = await runtime.run(gradientSession, {
    doing,
    feeds: { ...at, ...sequenceFeeds(sequence) },
    fetch,
    keep: gradientSession.outputs.filter(output => !fetch.includes(output)),
  });

  // 2. W - lr * dL/dW. The engine copies every output, so old projections and gradients are
  // released group by group.
  const updateSession = await model.session(updateGraph);
  const pretrained = new Set(Object.values(model.pretrained));
  const after: Record<string, Handle> = { ...projections };
  let { seconds } = pass;
  let unread = queryNames.flatMap(name => kept[name] ?? []);
  for (const group of updateGroups(decoder)) {
    const feeds = updateFeeds(group, projections, kept);
    const update = await runtime.run(updateSession, {
      doing: `${doing}, at ${group[0]!.name}`,
      feeds: { ...feeds, [its.learningRate]: numbers([1], [learningRate]) },
      keep: updateSession.outputs,
    });
    seconds += update.seconds;
    for (const [i, { name }] of group.entries()) after[name] = update.kept[its.updated(i)]!;
    await runtime.release([...Object.values(feeds).filter(handle => !pretrained.has(handle)), ...unread]);
    unread = [];
  }

  return {
    projections: after,
    loss: fetched[its.loss]!.data[0]!,
    queries: queries ? queryNames.map(name => fetched[name]!.data as Float32Array) : [],
    seconds,
  };
}

/** Names of inputs and outputs of the two graphs; `i` counts the projections of a group. */
export const stepNames = {
  targets: 'targets',
  targetWeights: 'target_weights',
  loss: 'loss',
  gradient: (projection: string) => `gradient.${projection}`,
  left: (projection: string) => `gradient.${projection}.left`,
  right: (projection: string) => `gradient.${projection}.right`,
  learningRate: 'rate',
  groupProjection: (i: number) => `${i}.parameter`,
  groupGradient: (i: number) => `${i}.gradient`,
  groupLeft: (i: number) => `${i}.left`,
  groupRight: (i: number) => `${i}.right`,
  updated: (i: number) => `${i}.updated`,
} as const;

const its = stepNames;

/**
 * One sequence without a prefix -> loss = sum_t targetWeights_t * cross-entropy_t, the scaled
 * queries layers.N.query [T, H*dh], and the gradient of the loss with respect to every projection
 * (`projectionGradients`).
 */
export const gradientGraph: ModelGraph = {
  name: 'gradient',
  outputs: decoder => {
    const pass = forward(decoder, 'one', false);
    const loss = nextTokenLoss(pass)(pass.hidden);
    const queries = perLayer(pass, ({ qkv }, n) => ({ [names.query(n)]: qkv.query }));
    // In the order of computation, so that an error names the first output that is not finite.
    return { ...queries, [its.loss]: loss, ...projectionGradients(loss, pass.parameters, decoder.projections.flat()) };
  },
};

/** One sequence without a prefix -> `nextTokenLoss` of the last hidden state. */
export const lossGraph: ModelGraph = {
  name: 'loss',
  outputs: decoder => {
    const pass = forward(decoder, 'one', false);
    return { [its.loss]: nextTokenLoss(pass)(pass.hidden) };
  },
};

/** What the graphs of a loss are fed of a sequence. */
export function sequenceFeeds(sequence: readonly number[]): Readonly<Record<string, TensorData>> {
  const T = sequence.length;
  return {
    ...tokenFeeds(sequence, 0),
    // Token t predicts token t + 1. The last token has no target; it is fed for its query.
    [its.targets]: integers([T], [...sequence.slice(1), 0]),
    [its.targetWeights]: numbers([T], [...Array(T - 1).fill(1 / (T - 1)), 0]),
  };
}

/** A hidden state [T, D] -> sum_t targetWeights_t * cross-entropy_t of its logits. */
export function nextTokenLoss(pass: ForwardPass): (hidden: Tensor) => Tensor {
  const targets = input(its.targets, 'int32', ['T']);
  const targetWeights = input(its.targetWeights, 'float32', ['T']);
  return hidden => g.reduceSum(g.mul(g.crossEntropy(pass.logits(hidden), targets), targetWeights), [0]);
}

/**
 * The gradient of a loss with respect to projections: of a vector as gradient.NAME, of a matrix as
 * its factors gradient.NAME.left and .right (`factorsOf`). Where a tensor also holds the query
 * projection, the gradient of that part is 0.
 *
 * @param parameters the projections as inputs of the graph, by name
 */
export function projectionGradients(
  loss: Tensor,
  parameters: ReadonlyMap<string, Tensor>,
  projections: readonly ProjectionSpec[],
): Outputs {
  const gradients = differentiate(
    loss,
    projections.map(({ name }) => parameters.get(name)!),
  );
  const outputs = projections.map(({ name, shape, fused }, i) => {
    const masked = (x: Tensor, axis: number) => {
      if (fused?.axis !== axis) return x;
      const size = shape[axis]!;
      const mask = Float32Array.from({ length: size }, (_, index) => (fused.part(index) === 'query' ? 0 : 1));
      return g.mul(x, constant(mask, [size]));
    };
    if (shape.length === 1) return { [its.gradient(name)]: masked(gradients[i]!, 0) };
    const [left, right] = factorsOf(gradients[i]!);
    return { [its.left(name)]: masked(left, 0), [its.right(name)]: masked(right, 1) };
  });
  return Object.assign({}, ...outputs);
}

/**
 * Splits the gradient of a matrix [M, K] into the two small matrices whose product it is:
 *
 *     dL/dW = left^T right = sum_t e_t x_t^T
 *
 * with the error signals e_t as left [T, M] and the inputs x_t as right [T, K] (Dai et al., eq. 8).
 * An optimisation: the engine copies every output of a graph, and T (M + K)
 * numbers are far fewer than M K. `updateGraph` computes the product while it adds it to W.
 *
 * @throws Error when the tensor is not such a product, which `differentiate` makes of every matrix
 */
function factorsOf(gradient: Tensor): readonly [left: Tensor, right: Tensor] {
  if (gradient.kind === 'operation' && gradient.operator.name === 'gemm' && gradient.inputs.length === 2) {
    const [left, right] = gradient.inputs;
    const { transposeA, transposeB } = gradient.attributes;
    if (transposeA === 1 && transposeB === 0) return [left!, right!];
  }
  throw new Error('the gradient of a projection is not a product left^T right');
}

/** W - lr * dL/dW for one group of projections. */
export const updateGraph: ModelGraph = {
  name: 'update',
  outputs: decoder => {
    const learningRate = input(its.learningRate, 'float32', [1]);
    const updated = ({ shape }: ProjectionSpec, i: number) => {
      const projection = input(its.groupProjection(i), 'float32', shape);
      const [M, K] = shape;
      if (K === undefined) {
        return g.sub(projection, g.mul(learningRate, input(its.groupGradient(i), 'float32', shape)));
      }
      const left = g.mul(input(its.groupLeft(i), 'float32', ['T', M!]), g.neg(learningRate));
      const right = input(its.groupRight(i), 'float32', ['T', K]);
      return g.gemm(left, right, { transposeA: true, plus: projection });
    };
    const [group] = updateGroups(decoder);
    return Object.fromEntries(group!.map((spec, i) => [its.updated(i), updated(spec, i)]));
  },
};

/**
 * Largest size of a group: small models are updated in one run, and the copies of large ones stay
 * small.
 */
const GROUP_BYTES = 64 * 2 ** 20;

/**
 * The projections in groups of equal shapes, each of whole layers, so that one graph updates all
 * groups one after the other.
 */
export function updateGroups({ projections }: Pick<Decoder, 'projections'>): readonly (readonly ProjectionSpec[])[] {
  const layerBytes = 4 * elements(projections[0]!);
  const L = projections.length;
  let layers = 1;
  for (let n = 2; n <= L; n++) if (L % n === 0 && n * layerBytes <= GROUP_BYTES) layers = n;
  return Array.from({ length: L / layers }, (_, i) => projections.slice(i * layers, (i + 1) * layers).flat());
}

/** The inputs of `updateGraph` for a group, but for the learning rate. */
export function updateFeeds<Feed>(
  group: readonly ProjectionSpec[],
  projections: Readonly<Record<string, Feed>>,
  gradients: Readonly<Record<string, Feed>>,
): Readonly<Record<string, Feed>> {
  return Object.fromEntries(
    group.flatMap(({ name, shape }, i) => [
      [its.groupProjection(i), projections[name]!],
      ...(shape.length === 1
        ? [[its.groupGradient(i), gradients[its.gradient(name)]!] as const]
        : [
            [its.groupLeft(i), gradients[its.left(name)]!] as const,
            [its.groupRight(i), gradients[its.right(name)]!] as const,
          ]),
    ]),
  );
}
