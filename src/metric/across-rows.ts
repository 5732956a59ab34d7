/**
 * @file What similarities owe to the row: the same with permuted rows, and with what all rows share
 * taken away.
 */
import {
  ALL_ROUNDING,
  type ArmPair,
  countNulls,
  differenceInLayer,
  keptRows,
  markRounding,
  type OutputShape,
  rowsWithLayers,
  zeroShotInLayer,
} from './arm-outputs.ts';
import { updateMask } from './partition.ts';
import type { Replicated } from './replicated.ts';
import type { Cosines } from './update-similarity.ts';
import { centred, dotAt, normalised, selectVectors } from './vectors.ts';

/**
 * N = mean over seeds and i != j of cos(u_i, v_j): the similarity with the updates of other rows,
 * all pairs, no draws. A pair of rows has the mean over the layers that both have. S - N is what is
 * specific to the row.
 */
export function permutedRows(shape: OutputShape, pairs: readonly ArmPair[]): Replicated {
  const { rows: R, layers, hiddenSize: D } = shape;
  const mask = updateMask(shape, pairs);
  const sums = pairs.map(() => new Float64Array(R * R));
  const counts = new Uint32Array(R * R);
  for (let layer = 0; layer < layers; layer++) {
    const kept = keptRows(mask, shape, layer);
    for (const i of kept) for (const j of kept) counts[i * R + j]!++;
    for (const [d, { zeroShot, first, second }] of pairs.entries()) {
      const direction = (arm: ArmPair['first']) => normalised(differenceInLayer(arm, zeroShot, shape, layer), D);
      const [u, v] = [direction(first), direction(second)];
      for (const i of kept) for (const j of kept) sums[d]![i * R + j]! += dotAt(u, i * D, v, j * D, D);
    }
  }
  const counted = rowsWithLayers(mask, shape);
  // Mean over pairs of rows, without one of them.
  const mean = (seeds: readonly Float64Array[], without?: number) => {
    let [sum, n] = [0, 0];
    for (const i of counted) {
      for (const j of counted) {
        const at = i * R + j;
        if (i === j || i === without || j === without || counts[at] === 0) continue;
        for (const own of seeds) sum += own[at]! / counts[at]!;
        n += seeds.length;
      }
    }
    return n === 0 ? null : sum / n;
  };
  const value = mean(sums);
  return {
    value,
    ...(value === null && { why: counted.length === 1 ? 'fewer than two rows' : ALL_ROUNDING }),
    seeds: pairs.map((_, d) => mean(sums.toSpliced(d, 1))),
    rows: counted.map(row => mean(sums, row)),
    skipped: countNulls(mask),
  };
}

/**
 * cos(u_i - mean over rows of u, v_i - mean over rows of v) of each seed, row and layer. No null
 * hypothesis belongs to it: see R_query (`queryVariation`). A row and layer is null where such a
 * difference, as made from all rows, is rounding; the means are then those of the rows that are
 * left.
 */
export function centredCosines(shape: OutputShape, pairs: readonly ArmPair[]): Cosines {
  const { rows, layers, hiddenSize: D } = shape;
  const mask = new Uint8Array(rows * layers);
  const seeds = pairs.map(() => new Float64Array(rows * layers).fill(Number.NaN));
  for (let layer = 0; layer < layers; layer++) {
    const updates = pairs.map(({ zeroShot, first, second }) =>
      [first, second].map(arm => {
        const of = differenceInLayer(arm, zeroShot, shape, layer);
        return { of, centred: centred(of, D) };
      }),
    );
    const bases = zeroShotInLayer(pairs, shape, layer);
    markRounding(
      mask,
      shape,
      layer,
      updates.flatMap((sides, d) => sides.map(side => ({ of: side.centred, zeroShot: bases[d]! }))),
    );
    const kept = keptRows(mask, shape, layer);
    for (const [d, sides] of updates.entries()) {
      const [u, v] = sides.map(side =>
        normalised(kept.length === rows ? side.centred : centred(selectVectors(side.of, kept, D), D), D),
      );
      for (const [n, row] of kept.entries()) seeds[d]![row * layers + layer] = dotAt(u!, n * D, v!, n * D, D);
    }
  }
  return { rows, layers, seeds, mask };
}
