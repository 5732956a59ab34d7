import { quotient } from './cosine.ts';
import type { PairSimilarity } from './pair-similarity.ts';
import { isRounding } from './rounding.ts';
import { type Cosines, cosinesOf } from './update-similarity.ts';
import { addProducts } from './vectors.ts';

/** How stored attention scores lie: row i at tokens offsets[i] .. offsets[i + 1]. */
export interface ScoreShape {
  readonly layers: number;
  readonly heads: number;
  /** [R + 1], from 0. */
  readonly offsets: readonly number[];
}

/** Attention scores of an arm, raw and scaled, to the query's own tokens: [sum of T_i, L, H]. */
export type ArmScores = Float32Array;

/** The two arms of a seed, and the zero-shot arm. */
export interface ScorePair {
  readonly zeroShot: ArmScores;
  readonly first: ArmScores;
  readonly second: ArmScores;
}

/**
 * SimAM of the updates, for each seed, row and layer: the mean over heads of cos(m_first - m_Z,
 * m_second - m_Z). A head is left out for all seeds in a row and layer where an update of any seed
 * is at most 3e-5 |m_Z|; null where all heads are.
 *
 * @param options.centred takes from each update its mean over the tokens, which softmax ignores
 * @param options.updates false compares m_first and m_second themselves, as Dai et al. do
 */
export function scoreCosines(
  shape: ScoreShape,
  pairs: readonly ScorePair[],
  { centred = false, updates = true }: { readonly centred?: boolean; readonly updates?: boolean } = {},
): Cosines {
  const { layers, heads, offsets } = shape;
  const rows = offsets.length - 1;
  const byHead = pairs.map(pair => cosinesByHead(shape, pair, centred, updates));
  const isNull = (at: number) => byHead.some(values => Number.isNaN(values[at]!));
  return cosinesOf(rows, layers, byHead, (values, row, layer) => {
    let sum = 0;
    let defined = 0;
    for (let head = 0; head < heads; head++) {
      const at = (row * layers + layer) * heads + head;
      if (isNull(at)) continue;
      sum += values[at]!;
      defined++;
    }
    return defined === 0 ? null : sum / defined;
  });
}

/** The cosine of every row, layer and head, [R, L, H], NaN where null. */
function cosinesByHead(
  { layers, heads, offsets }: ScoreShape,
  { zeroShot, first, second }: ScorePair,
  centred: boolean,
  updates: boolean,
): Float64Array {
  const n = layers * heads;
  const cosines = new Float64Array((offsets.length - 1) * n);
  for (let row = 0; row + 1 < offsets.length; row++) {
    const T = offsets[row + 1]! - offsets[row]!;
    const end = offsets[row + 1]! * n;
    for (let head = 0; head < n; head++) {
      const start = offsets[row]! * n + head;
      let meanU = 0;
      let meanV = 0;
      if (centred) {
        for (let at = start; at < end; at += n) {
          const z = updates ? zeroShot[at]! : 0;
          meanU += (first[at]! - z) / T;
          meanV += (second[at]! - z) / T;
        }
      }
      let uu = 0;
      let uv = 0;
      let vv = 0;
      let zz = 0;
      for (let at = start; at < end; at += n) {
        const z = updates ? zeroShot[at]! : 0;
        const x = first[at]! - z - meanU;
        const y = second[at]! - z - meanV;
        uu += x * x;
        uv += x * y;
        vv += y * y;
        zz += z * z;
      }
      const a = Math.sqrt(uu);
      const b = Math.sqrt(vv);
      const size = Math.sqrt(zz);
      const isNull = isRounding(a, size) || isRounding(b, size);
      cosines[row * n + head] = isNull ? Number.NaN : quotient(uv, a * b);
    }
  }
  return cosines;
}

/**
 * SimAM of the updates of all pairs of an arm of one list and an arm of another: means over heads,
 * then layers. A head is left out for all pairs in a row and layer where an update of any arm is
 * rounding.
 */
export function scorePairSimilarity(
  { layers, heads, offsets }: ScoreShape,
  zeroShot: ArmScores,
  firsts: readonly ArmScores[],
  seconds: readonly ArmScores[],
  { centred = false, firstLayer = 0 }: { readonly centred?: boolean; readonly firstLayer?: number } = {},
): PairSimilarity {
  const cells = firsts.map(() => seconds.map(() => [] as number[]));
  const pairs = firsts.length * seconds.length;
  let skipped = 0;
  for (let row = 0; row + 1 < offsets.length; row++) {
    const [from, to] = [offsets[row]!, offsets[row + 1]!];
    const T = to - from;
    const [u, v] = [firsts, seconds].map(arms => new Float64Array(arms.length * T));
    const ofRow = new Float64Array(pairs);
    let kept = 0;
    for (let layer = firstLayer; layer < layers; layer++) {
      const ofLayer = new Float64Array(pairs);
      let defined = 0;
      for (let head = 0; head < heads; head++) {
        const place = { from, T, stride: layers * heads, at: layer * heads + head, centred };
        if (!fillHead(u!, firsts, zeroShot, place) || !fillHead(v!, seconds, zeroShot, place)) continue;
        defined++;
        addProducts(ofLayer, u!, v!, T);
      }
      if (defined === 0) {
        skipped++;
        continue;
      }
      kept++;
      for (let at = 0; at < pairs; at++) ofRow[at]! += ofLayer[at]! / defined;
    }
    if (kept === 0) continue;
    cells.forEach((line, d) => {
      line.forEach((cell, e) => {
        cell.push(ofRow[d * seconds.length + e]! / kept);
      });
    });
  }
  return { cells: cells.map(line => line.map(cell => Float64Array.from(cell))), skipped };
}

/** Fills in the directions of the updates of a head. @returns false where one of them is rounding */
function fillHead(
  directions: Float64Array,
  arms: readonly ArmScores[],
  zeroShot: ArmScores,
  {
    from,
    T,
    stride,
    at,
    centred,
  }: {
    readonly from: number;
    readonly T: number;
    readonly stride: number;
    readonly at: number;
    readonly centred: boolean;
  },
): boolean {
  let base = 0;
  for (let t = 0; t < T; t++) base += zeroShot[(from + t) * stride + at]! ** 2;
  for (let d = 0; d < arms.length; d++) {
    const arm = arms[d]!;
    let sum = 0;
    for (let t = 0; t < T; t++) {
      const place = (from + t) * stride + at;
      const x = arm[place]! - zeroShot[place]!;
      directions[d * T + t] = x;
      sum += x;
    }
    const mean = centred ? sum / T : 0;
    let squares = 0;
    for (let t = d * T; t < (d + 1) * T; t++) {
      directions[t]! -= mean;
      squares += directions[t]! ** 2;
    }
    const size = Math.sqrt(squares);
    if (isRounding(size, Math.sqrt(base))) return false;
    for (let t = d * T; t < (d + 1) * T; t++) directions[t]! /= size;
  }
  return true;
}
