/**
 * @file Momentum attention (Dai et al., section 5, eq. 14-15): adds a moving sum of earlier values
 * to the output of a head,
 *
 *     MoAttn(V, K, q_t) = softmax(q_t K^T / sqrt(d)) V + sum_{i < t} eta^(t - i) v_i,
 *
 * before the output projection, without the current value and without normalisation. Within one
 * pass this is a product with the values: the matrix D[t, i] = eta^(t - i) for i < t is added to
 * the softmax. Of a prefix only its sum at its end is needed: sum_{i < t} is eta^(t - P) times that
 * sum, plus the part of the tokens of the pass.
 */
import * as z from 'zod/mini';
import { UserError } from '../error.ts';
import { times } from '../graph/dimension.ts';
import * as g from '../graph/operators/index.ts';
import { constant, integers, type Tensor } from '../graph/tensor.ts';
import type { Decoder } from './decoder.ts';

/**
 * eta in [0, 1): one for all heads, one per layer, or one per head of each layer; or learned:
 * sigmoid(momentum.layers.N.logit).
 */
export type Momentum = number | readonly number[] | readonly (readonly number[])[] | 'learned';

const eta = z.number().check(z.minimum(0), z.lt(1));
const schema = z.union([eta, z.array(eta), z.array(z.array(eta)), z.literal('learned')]);

type Config = Readonly<Record<string, unknown>>;

/**
 * `model_type` of checkpoints with momentum. Other programs refuse this name; with that of the base
 * they would compute wrong numbers.
 */
const FAMILY = 'momentum';

/** The family of a configuration without its momentum. */
export function baseFamily({ model_type, base_model_type }: Config): unknown {
  return model_type === FAMILY ? base_model_type : model_type;
}

/** The same model with momentum in its attention. */
export function configWithMomentum(config: Config, momentum: Momentum): Config {
  return { ...config, model_type: FAMILY, base_model_type: baseFamily(config), momentum };
}

/** The checkpoint with another momentum in its attention; unchanged for undefined. */
export function runWithMomentum<C extends { readonly config: Config }>(
  checkpoint: C,
  momentum: Momentum | undefined,
): C {
  return momentum === undefined
    ? checkpoint
    : { ...checkpoint, config: configWithMomentum(checkpoint.config, momentum) };
}

/** The logits of learned etas of a layer, [H]. */
export const momentumTensor = (layer: number) => `momentum.layers.${layer}.logit`;

/**
 * The decoder with the momentum of its configuration.
 *
 * @throws UserError when an eta is not in [0, 1), or their number does not match layers and heads
 */
export function withMomentum(decoder: Decoder, config: Config, source: string): Decoder {
  if (config.model_type !== FAMILY) return decoder;
  const parsed = z.safeParse(schema, config.momentum);
  if (!parsed.success) {
    throw new UserError(
      `${source}: momentum ${JSON.stringify(config.momentum)}: must be a number in [0, 1), a list of them for layers, or of lists for heads, or "learned"`,
    );
  }
  const { layers, heads } = decoder;
  const family = `${FAMILY}_${decoder.family}`;
  if (parsed.data === 'learned') {
    return {
      ...decoder,
      family,
      tensors: [
        ...decoder.tensors,
        ...Array.from({ length: layers }, (_, layer) => ({ name: momentumTensor(layer), shape: [heads] })),
      ],
      momentum: (pass, layer) => logSigmoid(pass.tensor(momentumTensor(layer))),
    };
  }
  const table = etas(parsed.data, decoder, source);
  return {
    ...decoder,
    family,
    momentum: (_, layer) =>
      table[layer]!.every(x => x === 0) ? undefined : constant(table[layer]!.map(x => Math.max(Math.log(x), NEVER))),
  };
}

/** log(1 / (1 + e^-x)) = -(max(-x, 0) + log(1 + e^-|x|)), finite for every x. */
function logSigmoid(x: Tensor): Tensor {
  const below = g.relu(g.neg(x));
  const size = g.add(g.relu(x), below);
  return g.neg(g.add(below, g.log(g.add(g.exp(g.neg(size)), constant(1)))));
}

/** eta of every layer and head. */
function etas(
  momentum: Exclude<Momentum, 'learned'>,
  { layers, heads }: Pick<Decoder, 'layers' | 'heads'>,
  source: string,
): readonly (readonly number[])[] {
  const byLayer = typeof momentum === 'number' ? Array<number>(layers).fill(momentum) : momentum;
  const byHead = byLayer.map(x => (typeof x === 'number' ? Array<number>(heads).fill(x) : x));
  if (byHead.length === layers && byHead.every(list => list.length === heads)) return byHead;
  throw new UserError(`${source}: momentum must have an entry for each of ${layers} layers and ${heads} heads`);
}

/** log eta for eta = 0: finite, and its exponential is 0 at any distance. */
const NEVER = -1e7;

/** The momentum of a layer: log eta [H], and the positions of the rows, int32 [N]. */
export interface RowMomentum {
  readonly logEta: Tensor;
  readonly positions: Tensor;
}

/**
 * eta^(t - i) for tokens i before t of one sequence, else 0: [G, 1, T*R, T] for int32 positions
 * [T].
 */
export function ownDecay({ keyValueHeads: G, heads }: Decoder, logEta: Tensor, positions: Tensor): Tensor {
  const [T, R] = [positions.shape[0]!, heads / G];
  const row = g.reshape(positions, [1, T]);
  const column = g.reshape(positions, [T, 1]);
  const before = g.lessOrEqual(g.add(row, integers([1])), column);
  const distance = g.where(before, g.sub(g.cast(column, 'float32'), g.cast(row, 'float32')), constant(0));
  const powers = g.exp(g.mul(g.reshape(logEta, [G, 1, R, 1]), g.reshape(distance, [1, T, 1, T])));
  // Masked here and not in the exponent, since log eta of a learned eta may round to -0.
  const decay = g.where(g.reshape(before, [1, T, 1, T]), powers, constant(0));
  return g.reshape(decay, [G, 1, times(T, R), T]);
}

/**
 * The part of the prefix in the sums of all rows: eta^(p_n - s) sum_j eta^(s - p_j) v_j, where s is
 * the first position of the pass -> [N, H, dh].
 *
 * @param own int32 [T], the positions of a sequence's tokens
 * @param prefix int32 [P] positions and values [G, P, dh]
 */
export function prefixMomentum(
  { keyValueHeads: G, heads, headDim: dh }: Decoder,
  { logEta, positions }: RowMomentum,
  own: Tensor,
  prefix: { readonly positions: Tensor; readonly value: Tensor },
): Tensor {
  const R = heads / G;
  const [N, P] = [positions.shape[0]!, prefix.positions.shape[0]!];
  const start = g.gather(own, integers([0]));
  const since = g.cast(g.sub(start, prefix.positions), 'float32');
  const decay = g.exp(g.mul(g.reshape(logEta, [G, R, 1]), g.reshape(since, [1, 1, P])));
  const gathered = g.reshape(g.matmul(decay, prefix.value), [1, heads, dh]);
  const after = g.reshape(g.cast(g.sub(positions, start), 'float32'), [N, 1, 1]);
  return g.mul(g.exp(g.mul(g.reshape(logEta, [1, heads, 1]), after)), gathered);
}
