import { ALL_ROUNDING, type ArmOutputs, type NullMask, type OutputShape } from './arm-outputs.ts';
import { inverseNorm } from './cosine.ts';
import { leaveOutSums, type Replicated } from './replicated.ts';
import { isRounding } from './rounding.ts';
import { addProducts } from './vectors.ts';

/** The similarity of every update of one list of arms with every one of another. */
export interface PairSimilarity {
  /**
   * [S][S][n]: of arm d of the first list and arm e of the second in each row that counts, mean
   * over layers.
   */
  readonly cells: readonly (readonly Float64Array[])[];
  readonly skipped: number;
}

/**
 * cos(h_d - h_Z, g_e - h_Z) of all pairs, from one matrix of inner products for each row and layer.
 * A row and layer in which any of the updates is rounding is left out for all pairs.
 *
 * @param firsts h, one arm a seed
 * @param seconds g, one arm a seed; may be the same list
 * @param options.normalised takes h / |h| in place of h, as Dai et al. do
 * @param options.mask rows and layers that are left out as well
 */
export function pairSimilarity(
  { rows, layers, hiddenSize: D }: OutputShape,
  zeroShot: ArmOutputs,
  firsts: readonly ArmOutputs[],
  seconds: readonly ArmOutputs[],
  { normalised = false, mask }: { readonly normalised?: boolean; readonly mask?: NullMask } = {},
): PairSimilarity {
  const cells = firsts.map(() => seconds.map(() => [] as number[]));
  const u = new Float64Array(firsts.length * D);
  const v = firsts === seconds ? u : new Float64Array(seconds.length * D);
  let skipped = 0;
  for (let row = 0; row < rows; row++) {
    const sums = new Float64Array(firsts.length * seconds.length);
    let kept = 0;
    for (let layer = 0; layer < layers; layer++) {
      const from = (row * layers + layer) * D;
      const isNull =
        mask?.[row * layers + layer] === 1 ||
        !fill(u, firsts, zeroShot, from, D, normalised) ||
        (v !== u && !fill(v, seconds, zeroShot, from, D, normalised));
      if (isNull) {
        skipped++;
        continue;
      }
      kept++;
      addProducts(sums, u, v, D);
    }
    if (kept === 0) continue;
    cells.forEach((line, d) => {
      line.forEach((cell, e) => {
        cell.push(sums[d * seconds.length + e]! / kept);
      });
    });
  }
  return { cells: cells.map(line => line.map(cell => Float64Array.from(cell))), skipped };
}

/**
 * Fills in the directions of the updates at one place. @returns false where one of them is rounding
 */
function fill(
  directions: Float64Array,
  arms: readonly ArmOutputs[],
  zeroShot: ArmOutputs,
  from: number,
  D: number,
  normalised: boolean,
): boolean {
  const scaleOf = (arm: ArmOutputs) => (normalised ? inverseNorm(arm, from, D) : 1);
  const ofZero = scaleOf(zeroShot);
  let base = 0;
  for (let k = 0; k < D; k++) base += (ofZero * zeroShot[from + k]!) ** 2;
  for (let d = 0; d < arms.length; d++) {
    const arm = arms[d]!;
    const scale = scaleOf(arm);
    let squares = 0;
    for (let k = 0; k < D; k++) {
      const x = scale * arm[from + k]! - ofZero * zeroShot[from + k]!;
      directions[d * D + k] = x;
      squares += x * x;
    }
    const size = Math.sqrt(squares);
    if (isRounding(size, Math.sqrt(base))) return false;
    for (let k = 0; k < D; k++) directions[d * D + k]! /= size;
  }
  return true;
}

/** C[d][e]: the mean over rows of each pair; null where no row counts. */
export function similarityMatrix({ cells }: PairSimilarity): readonly (readonly (number | null)[])[] {
  return cells.map(line =>
    line.map(cell => (cell.length === 0 ? null : cell.reduce((sum, x) => sum + x, 0) / cell.length)),
  );
}

/** The mean over the pairs of one seed and all rows: S, as a number that compares with others. */
export function sameDemonstrations({ cells, skipped }: PairSimilarity): Replicated {
  const terms = leaveOutSums(Float64Array.from(cells.flatMap((line, d) => [...line[d]!])), cells.length);
  const [S, n] = [cells.length, cells[0]?.[0]?.length ?? 0];
  const mean = (sum: number, count: number) => (count > 0 ? sum / count : null);
  const value = mean(terms.all, S * n);
  return {
    value,
    ...(value === null && { why: ALL_ROUNDING }),
    seeds: Array.from(terms.seeds, sum => mean(sum, (S - 1) * n)),
    rows: Array.from(terms.rows, sum => mean(sum, S * (n - 1))),
    skipped,
  };
}

/**
 * The mean over all pairs of different seeds and all rows: the similarity with other
 * demonstrations.
 */
export function otherDemonstrations({ cells, skipped }: PairSimilarity): Replicated {
  const S = cells.length;
  const n = cells[0]?.[0]?.length ?? 0;
  // Sums over pairs d != e: of each row, and of all pairs that a seed is in.
  const [ofRow, ofSeed] = [new Float64Array(n), new Float64Array(S)];
  let all = 0;
  cells.forEach((line, d) => {
    line.forEach((cell, e) => {
      if (d === e) return;
      cell.forEach((x, i) => {
        ofRow[i]! += x;
        ofSeed[d]! += x;
        ofSeed[e]! += x;
        all += x;
      });
    });
  });
  const mean = (sum: number, seeds: number, rows: number) =>
    seeds < 2 || rows < 1 ? null : sum / (seeds * (seeds - 1) * rows);
  const value = mean(all, S, n);
  return {
    value,
    ...(value === null && { why: n === 0 ? ALL_ROUNDING : 'fewer than two seeds' }),
    seeds: Array.from(ofSeed, own => mean(all - own, S - 1, n)),
    rows: Array.from(ofRow, own => mean(all - own, S, n - 1)),
    skipped,
  };
}
