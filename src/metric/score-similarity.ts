import { isRounding } from './rounding.ts';
import { type Cosines, cosinesOf } from './update-similarity.ts';

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
 * @param centred takes from each update its mean over the tokens, which softmax ignores
 */
export function scoreCosines(
  shape: ScoreShape,
  pairs: readonly ScorePair[],
  { centred = false }: { readonly centred?: boolean } = {},
): Cosines {
  const { layers, heads, offsets } = shape;
  const rows = offsets.length - 1;
  const byHead = pairs.map(pair => {
    const values = new Float64Array(rows * layers * heads);
    for (let at = 0; at < values.length; at++) {
      const row = Math.floor(at / (layers * heads));
      values[at] = cosineOfHead(shape, pair, row, at % (layers * heads), centred);
    }
    return values;
  });
  const isNull = (at: number) => byHead.some(values => Number.isNaN(values[at]!));
  return cosinesOf(rows, layers, byHead, (values, row, layer) => {
    let [sum, defined] = [0, 0];
    for (let head = 0; head < heads; head++) {
      const at = (row * layers + layer) * heads + head;
      if (isNull(at)) continue;
      sum += values[at]!;
      defined++;
    }
    return defined === 0 ? null : sum / defined;
  });
}

/** The cosine of one head in one row, NaN where null. @param at layer * H + head */
function cosineOfHead(
  { layers, heads, offsets }: ScoreShape,
  { zeroShot, first, second }: ScorePair,
  row: number,
  at: number,
  centred: boolean,
): number {
  const [from, to] = [offsets[row]!, offsets[row + 1]!];
  const T = to - from;
  const stride = layers * heads;
  let [u, v, uu, uv, vv, base] = [0, 0, 0, 0, 0, 0];
  for (let t = from; t < to; t++) {
    const z = zeroShot[t * stride + at]!;
    const [x, y] = [first[t * stride + at]! - z, second[t * stride + at]! - z];
    u += x;
    v += y;
    uu += x * x;
    uv += x * y;
    vv += y * y;
    base += z * z;
  }
  if (centred) {
    // Two passes: the difference of the sums would be rounding where the constant is large.
    [uu, uv, vv] = [0, 0, 0];
    for (let t = from; t < to; t++) {
      const z = zeroShot[t * stride + at]!;
      const [x, y] = [first[t * stride + at]! - z - u / T, second[t * stride + at]! - z - v / T];
      uu += x * x;
      uv += x * y;
      vv += y * y;
    }
  }
  const [a, b, size] = [Math.sqrt(uu), Math.sqrt(vv), Math.sqrt(base)];
  if (isRounding(a, size) || isRounding(b, size)) return Number.NaN;
  return Math.max(-1, Math.min(1, uv / (a * b)));
}
