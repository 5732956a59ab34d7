/**
 * @file Inner products of vectors u[d, i] and v[d, i], S seeds by n rows, split by what they share:
 * of all, and without each seed and each row.
 */
import { sum } from '../statistics/sum.ts';
import { type LeaveOuts, leaveOutSums } from './replicated.ts';
import { dotAt, products, vectorSum } from './vectors.ts';

/** Sums of vectors [S][n * D]: of each seed, of each row, of all. */
interface VectorSums {
  /** [S * D] */
  readonly seeds: Float64Array;
  /** [n * D] */
  readonly rows: Float64Array;
  /** [D] */
  readonly all: Float64Array;
}

function vectorSums(vectors: readonly Float64Array[], D: number): VectorSums {
  const seeds = new Float64Array(vectors.length * D);
  for (const [d, own] of vectors.entries()) seeds.set(vectorSum(own, D), d * D);
  const rows = new Float64Array(vectors[0]!.length);
  for (const own of vectors) for (let k = 0; k < rows.length; k++) rows[k]! += own[k]!;
  return { seeds, rows, all: vectorSum(seeds, D) };
}

/**
 * The four orthogonal parts of sum <u, v>, each also without each seed and each row, where the
 * means are taken anew. With n rows and S seeds, and a dot for a mean,
 *
 *     generic        S n <u.., v..>
 *     demonstration  n sum_d <u_d. - u.., v_d. - v..>
 *     query          S sum_i <u_.i - u.., v_.i - v..>
 *     interaction    sum <u_di - u_d. - u_.i + u.., v_di - v_d. - v_.i + v..>
 */
export interface TwoWayParts {
  readonly total: LeaveOuts;
  readonly generic: LeaveOuts;
  readonly demonstration: LeaveOuts;
  readonly query: LeaveOuts;
  readonly interaction: LeaveOuts;
}

/** @param u [S][n * D] of one layer, as `v` */
export function twoWayParts(u: readonly Float64Array[], v: readonly Float64Array[], D: number): TwoWayParts {
  const [S, n] = [u.length, u[0]!.length / D];
  const U = vectorSums(u, D);
  const V = u === v ? U : vectorSums(v, D);
  const terms = products(u, v, D);
  const total = leaveOutSums(terms, S);

  // Of seeds: <U_d., V_d.>, summed. A seed less leaves its term out; a row less shortens all sums.
  const ofSeed = Float64Array.from({ length: S }, (_, d) => dotAt(U.seeds, d * D, V.seeds, d * D, D));
  const ofSeeds = sum(ofSeed);
  const seedsWithoutRow = new Float64Array(n).fill(ofSeeds);
  // Of rows: <U_.i, V_.i>, summed.
  const ofRow = Float64Array.from({ length: n }, (_, i) => dotAt(U.rows, i * D, V.rows, i * D, D));
  const ofRows = sum(ofRow);
  const rowsWithoutSeed = new Float64Array(S).fill(ofRows);
  for (let d = 0; d < S; d++) {
    for (let i = 0; i < n; i++) {
      const at = i * D;
      const own = terms[d * n + i]!;
      const ofSeed = dotAt(U.seeds, d * D, v[d]!, at, D);
      const ofRow = dotAt(U.rows, at, v[d]!, at, D);
      seedsWithoutRow[i]! += own - ofSeed - (u === v ? ofSeed : dotAt(u[d]!, at, V.seeds, d * D, D));
      rowsWithoutSeed[d]! += own - ofRow - (u === v ? ofRow : dotAt(u[d]!, at, V.rows, at, D));
    }
  }
  const all = dotAt(U.all, 0, V.all, 0, D);
  const less = (sums: 'seeds' | 'rows', at: number, own: number) =>
    all - dotAt(U.all, 0, V[sums], at, D) - dotAt(U[sums], at, V.all, 0, D) + own;

  const seeds: LeaveOuts = {
    all: ofSeeds / n,
    seeds: ofSeed.map(own => (ofSeeds - own) / n),
    rows: seedsWithoutRow.map(x => x / (n - 1)),
  };
  const rows: LeaveOuts = {
    all: ofRows / S,
    seeds: rowsWithoutSeed.map(x => x / (S - 1)),
    rows: ofRow.map(own => (ofRows - own) / S),
  };
  const generic: LeaveOuts = {
    all: all / (S * n),
    seeds: ofSeed.map((own, d) => less('seeds', d * D, own) / ((S - 1) * n)),
    rows: ofRow.map((own, i) => less('rows', i * D, own) / (S * (n - 1))),
  };
  const combined = (f: (total: number, seeds: number, rows: number, generic: number) => number): LeaveOuts => ({
    all: f(total.all, seeds.all, rows.all, generic.all),
    seeds: total.seeds.map((x, d) => f(x, seeds.seeds[d]!, rows.seeds[d]!, generic.seeds[d]!)),
    rows: total.rows.map((x, i) => f(x, seeds.rows[i]!, rows.rows[i]!, generic.rows[i]!)),
  });
  return {
    total,
    generic,
    demonstration: combined((_t, s, _r, g) => s - g),
    query: combined((_t, _s, r, g) => r - g),
    interaction: combined((t, s, r, g) => t - s - r + g),
  };
}
