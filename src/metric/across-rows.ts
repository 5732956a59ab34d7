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
import { addProducts, centred, dotAt, normalised, selectVectors, vectorSum } from './vectors.ts';

/**
 * N = mean over seeds and i != j of cos(u_i, v_j): the similarity with the updates of other rows,
 * all pairs, no draws. A pair of rows has the mean over the layers that both have. S - N is what is
 * specific to the row.
 */
export function permutedRows(shape: OutputShape, pairs: readonly ArmPair[]): Replicated {
  const mask = updateMask(shape, pairs);
  const counted = rowsWithLayers(mask, shape);
  const kept = Array.from({ length: shape.layers }, (_, layer) => keptRows(mask, shape, layer));
  const isWhole = kept.every(rows => rows.length === 0 || rows.length === counted.length);
  const { ofSeed, ofRow, pairsOfRow } = isWhole
    ? sumsOfWhole(shape, pairs, kept)
    : sumsOfPairs(shape, pairs, kept, counted);
  const S = pairs.length;
  const total = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0);
  // A pair is in two rows.
  const [all, count] = [total(ofSeed), total(pairsOfRow) / 2];
  const mean = (sum: number, seeds: number, ofRows: number) => (seeds * ofRows > 0 ? sum / (seeds * ofRows) : null);
  const value = mean(all, S, count);
  return {
    value,
    ...(value === null && { why: counted.length === 1 ? 'fewer than two rows' : ALL_ROUNDING }),
    seeds: Array.from(ofSeed, own => mean(all - own, S - 1, count)),
    rows: Array.from(ofRow, (own, i) => mean(all - own, S, count - pairsOfRow[i]!)),
    skipped: countNulls(mask),
  };
}

/** Sums of the similarity of pairs of different rows. */
interface PairSums {
  /** Of all pairs, by seed. */
  readonly ofSeed: Float64Array;
  /** Of the pairs that a row is in, all seeds. */
  readonly ofRow: Float64Array;
  /** Number of the pairs that a row is in. */
  readonly pairsOfRow: Float64Array;
}

/** Unit vectors of the updates of a pair of arms in a layer, [n * D] each. */
function directions({ zeroShot, first, second }: ArmPair, shape: OutputShape, layer: number, kept: readonly number[]) {
  const D = shape.hiddenSize;
  const of = (arm: ArmPair['first']) =>
    normalised(selectVectors(differenceInLayer(arm, zeroShot, shape, layer), kept, D), D);
  return [of(first), of(second)] as const;
}

/**
 * Sums over pairs of rows where all layers have the same rows: sum_(i != j) <u_i, v_j> is <sum u,
 * sum v> less sum_i <u_i, v_i>.
 */
function sumsOfWhole(shape: OutputShape, pairs: readonly ArmPair[], kept: readonly (readonly number[])[]): PairSums {
  const D = shape.hiddenSize;
  const layers = kept.flatMap((rows, layer) => (rows.length === 0 ? [] : [layer]));
  const ofSeed = new Float64Array(pairs.length);
  const ofRow = new Float64Array(kept[layers[0] ?? 0]?.length ?? 0);
  for (const layer of layers) {
    for (const [d, pair] of pairs.entries()) {
      const [u, v] = directions(pair, shape, layer, kept[layer]!);
      const [sumU, sumV] = [vectorSum(u, D), vectorSum(v, D)];
      let own = 0;
      for (let i = 0; i < ofRow.length; i++) {
        const same = dotAt(u, i * D, v, i * D, D);
        ofRow[i]! += (dotAt(u, i * D, sumV, 0, D) + dotAt(sumU, 0, v, i * D, D) - 2 * same) / layers.length;
        own += same;
      }
      ofSeed[d]! += (dotAt(sumU, 0, sumV, 0, D) - own) / layers.length;
    }
  }
  return { ofSeed, ofRow, pairsOfRow: new Float64Array(ofRow.length).fill(2 * (ofRow.length - 1)) };
}

/** The same where layers have different rows: pair by pair. */
function sumsOfPairs(
  shape: OutputShape,
  pairs: readonly ArmPair[],
  kept: readonly (readonly number[])[],
  counted: readonly number[],
): PairSums {
  const { rows: R, hiddenSize: D } = shape;
  const sums = pairs.map(() => new Float64Array(R * R));
  const counts = new Uint32Array(R * R);
  for (const [layer, rows] of kept.entries()) {
    for (const i of rows) for (const j of rows) counts[i * R + j]!++;
    for (const [d, pair] of pairs.entries()) {
      const own = new Float64Array(rows.length ** 2);
      const [u, v] = directions(pair, shape, layer, rows);
      addProducts(own, u, v, D);
      for (const [a, i] of rows.entries()) {
        for (const [b, j] of rows.entries()) sums[d]![i * R + j]! += own[a * rows.length + b]!;
      }
    }
  }
  const ofSeed = new Float64Array(pairs.length);
  const [ofRow, pairsOfRow] = [new Float64Array(counted.length), new Float64Array(counted.length)];
  for (const [a, i] of counted.entries()) {
    for (const [b, j] of counted.entries()) {
      const count = counts[i * R + j]!;
      if (i === j || count === 0) continue;
      pairsOfRow[a]!++;
      pairsOfRow[b]!++;
      for (const [d, own] of sums.entries()) {
        const mean = own[i * R + j]! / count;
        ofSeed[d]! += mean;
        ofRow[a]! += mean;
        ofRow[b]! += mean;
      }
    }
  }
  return { ofSeed, ofRow, pairsOfRow };
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
