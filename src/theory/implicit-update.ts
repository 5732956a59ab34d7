/**
 * @file Chapter 4. A block with a context equals the same block without context after a rank-one
 * change of the first matrix of its feed-forward and a change of its last bias (Dherin et al. 2025,
 * arXiv 2507.16003, theorem 2.2 and the theorem for blocks with a residual).
 *
 * Attention adds to the residual stream: a = A(C, x) with the context C, a_0 = A(x) without. The
 * feed-forward reads z = N(a), with N a norm or the identity, through one matrix or, gated, through
 * two:
 *
 *     T(a) = a + W' f(W_1 N(a), ..., W_m N(a)) + b'
 *
 *     T_W,b'(a) = T_(W + dW, b' + db')(a_0)   with   dW_j = (W_j dz) z_0^T / |z_0|^2,  dz = N(a) - N(a_0),  db' = a - a_0
 *
 * since (W_j + dW_j) z_0 = W_j z_0 + W_j dz = W_j z. This holds for any f and any number of first
 * matrices.
 */

import { softmaxAttention } from './attention-head.ts';
import { type Check, checked } from './check.ts';
import { drawFrom } from './draw.ts';
import {
  dot,
  largestDifference,
  type Matrix,
  minus,
  norm,
  outer,
  plus,
  row,
  scaled,
  sum,
  times,
  type Vector,
} from './matrix.ts';

/** The part of a block after its attention. */
export interface FeedForward {
  readonly normalise: (a: Vector) => Vector;
  /** The matrices that read the normed stream: one, or gate and up [F, D]. */
  readonly first: readonly Matrix[];
  /** The function of their outputs: an activation, or activation(gate) * up. */
  readonly join: (read: readonly Vector[]) => Vector;
  /** [D, F] */
  readonly last: Matrix;
  readonly bias: Vector;
}

/** A matrix of rank one: left right^T. */
export interface RankOne {
  readonly left: Vector;
  readonly right: Vector;
}

/** The change of weights that replaces a context. */
export interface ImplicitUpdate {
  /** dW of each first matrix. */
  readonly first: readonly RankOne[];
  /** db' */
  readonly bias: Vector;
}

/** a + W' f(W_j N(a)) + b' */
export function blockOutput({ normalise, first, join, last, bias }: FeedForward, a: Vector): Vector {
  const z = normalise(a);
  return plus(plus(a, times(last, join(first.map(W => times(W, z))))), bias);
}

/** dW = (W dz) z_0^T / |z_0|^2, so that (W + dW) z_0 = W z. */
export function rankOneUpdate(W: Matrix, z0: Vector, z: Vector): RankOne {
  return { left: scaled(times(W, minus(z, z0)), 1 / dot(z0, z0)), right: z0 };
}

/** |left right^T| (Frobenius) */
export function sizeOf({ left, right }: RankOne): number {
  return norm(left) * norm(right);
}

/** @param without a_0, the stream after attention without context @param within a, with it */
export function implicitUpdate({ normalise, first }: FeedForward, without: Vector, within: Vector): ImplicitUpdate {
  const [z0, z] = [normalise(without), normalise(within)];
  return { first: first.map(W => rankOneUpdate(W, z0, z)), bias: minus(within, without) };
}

export function updated(block: FeedForward, { first, bias }: ImplicitUpdate): FeedForward {
  return {
    ...block,
    first: block.first.map((W, j) => sum(W, outer(first[j]!.left, first[j]!.right))),
    bias: plus(block.bias, bias),
  };
}

/** x / sqrt(mean x^2 + epsilon), times a scale of each channel */
export function rmsNorm(scale: Vector, epsilon: number): (a: Vector) => Vector {
  return a => {
    const shrink = 1 / Math.sqrt(dot(a, a) / a.length + epsilon);
    return a.map((x, i) => x * shrink * scale[i]!);
  };
}

function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** silu(gate) * up (SwiGLU, Shazeer 2020) */
export function swiglu([gate, up]: readonly Vector[]): Vector {
  return gate!.map((x, i) => silu(x) * up![i]!);
}

/**
 * A block of width 8 whose attention reads tokens [tokens, 8], and 20 context tokens before the 3
 * of the query.
 */
export function blockExample(seed: number) {
  const draw = drawFrom(seed, 4);
  const [D, F] = [8, 20];
  const gated: FeedForward = {
    normalise: rmsNorm(draw.uniform(D, 0.5, 1.5), 1e-5),
    first: [draw.matrix(F, D, 0.4), draw.matrix(F, D, 0.4)],
    join: swiglu,
    last: draw.matrix(D, F, 0.3),
    bias: new Float64Array(D),
  };
  const plain: FeedForward = {
    ...gated,
    normalise: a => a,
    first: [gated.first[0]!],
    join: ([read]) => read!.map(x => Math.max(0, x)),
    bias: draw.vector(D, 0.1),
  };
  const context = draw.matrix(20, D);
  const own = draw.matrix(3, D);
  /**
   * Residual stream of the last own token after attention over the last `count` context tokens and
   * the own ones.
   */
  const attended = (count: number): Vector => {
    const rows = 3 + count;
    const data = Float64Array.of(...context.data.subarray((20 - count) * D), ...own.data);
    const tokens = { rows, columns: D, data };
    const query = row(own, 2);
    return plus(query, softmaxAttention({ keys: tokens, values: tokens }, query, D ** -0.5));
  };
  return { gated, plain, attended, contextLength: 20 };
}

export function checkImplicitUpdate(seed: number): readonly Check[] {
  const { gated, plain, attended, contextLength } = blockExample(seed);
  const without = attended(0);
  const within = attended(contextLength);
  const error = (block: FeedForward) =>
    largestDifference(
      blockOutput(block, within),
      blockOutput(updated(block, implicitUpdate(block, without, within)), without),
    );
  const [W] = plain.first as [Matrix];
  return [
    checked("block with context = block with dW and db' without it (theorem 2.2, residual, ReLU)", error(plain)),
    checked('the same after RMSNorm with a gated feed-forward: two first matrices', error(gated)),
    checked(
      'one context token more at a time: the gradient steps so far = the update of the context so far, after each token',
      stepsAgainstUpdates(
        W,
        Array.from({ length: contextLength + 1 }, (_, count) => attended(count)),
      ),
    ),
    checked(
      'dW is the smallest change that does it: |dW + M|^2 = |dW|^2 + |M|^2 for M with M z_0 = 0',
      againstLarger(rankOneUpdate(W, without, within), without, drawFrom(seed, 4, 1).matrix(W.rows, W.columns)),
    ),
  ];
}

/**
 * The step on context token i is minus 1/|a_0|^2 times the gradient of L_i(W) = tr(Delta_i^T W),
 * Delta_i = W_0 (a_i - a_(i+1)) a_0^T. After i steps W_i a_0 = W_0 a_i.
 *
 * @param streams a_0, a_1, ...
 */
function stepsAgainstUpdates(W: Matrix, streams: readonly Vector[]): number {
  const [without] = streams as [Vector];
  const errors: number[] = [];
  streams.slice(1).reduce((weights, stream, i) => {
    const gradient = outer(times(W, minus(streams[i]!, stream)), without);
    const next = sum(weights, gradient, -1 / dot(without, without));
    const { left, right } = rankOneUpdate(W, without, stream);
    errors.push(largestDifference(next.data, sum(W, outer(left, right)).data));
    errors.push(largestDifference(times(next, without), times(W, stream)));
    return next;
  }, W);
  return Math.max(...errors);
}

/**
 * Difference of |dW + M|^2 and |dW|^2 + |M|^2, as a share, where M is `other` without its component
 * along z_0.
 */
function againstLarger({ left, right }: RankOne, z0: Vector, other: Matrix): number {
  const M = sum(other, outer(times(other, z0), z0), -1 / dot(z0, z0));
  const apart = sizeOf({ left, right }) ** 2 + norm(M.data) ** 2;
  return Math.abs(norm(sum(M, outer(left, right)).data) ** 2 / apart - 1);
}
