import { type ArmPair, differenceInLayer, keptRows, type OutputShape } from './arm-outputs.ts';
import { type LayeredNumber, type LayerValue, meanOverLayers } from './layer-replicates.ts';
import { updateMask } from './partition.ts';
import { dotAt, selectVectors, vectorSum } from './vectors.ts';

/** What explains the update of in-context learning, each leaving out the row that it explains. */
export interface ExplainedShares {
  /** By one constant vector: 1 - sum_i |u_i - mean of u without i|^2 / sum_i |u_i|^2. */
  readonly constant: LayeredNumber;
  /** By finetuning times a number: 1 - sum_i |u_i - a_(-i) v_i|^2 / sum_i |u_i|^2. */
  readonly finetuning: LayeredNumber;
}

/**
 * Shares of the in-context update u that a constant vector and the finetuned update v explain, for
 * each layer and seed, with what explains row i taken from the other rows:
 *
 *     a_(-i) = sum_(j != i) <u_j, v_j> / sum_(j != i) |v_j|^2
 *
 * Means over seeds, then layers. At most 1, and below 0 where 0 would explain more.
 */
export function explainedShares(shape: OutputShape, pairs: readonly ArmPair[]): ExplainedShares {
  const D = shape.hiddenSize;
  const mask = updateMask(shape, pairs);
  const layers = Array.from({ length: shape.layers }, (_, layer) => {
    const kept = keptRows(mask, shape, layer);
    const bySeed = pairs.map(({ zeroShot, first, second }) => {
      const of = (arm: ArmPair['first']) => selectVectors(differenceInLayer(arm, zeroShot, shape, layer), kept, D);
      return momentsOf(of(first), of(second), D);
    });
    return { kept, bySeed };
  });
  const number = (share: (moments: RowMoments, without?: number) => number): LayeredNumber =>
    meanOverLayers(
      layers.map(({ kept, bySeed }): LayerValue => {
        const mean = (seeds: readonly RowMoments[], without?: number) => {
          const value = seeds.reduce((sum, moments) => sum + share(moments, without), 0) / seeds.length;
          return Number.isFinite(value) ? value : null;
        };
        return {
          value: mean(bySeed),
          seeds: bySeed.map((_, d) => mean(bySeed.toSpliced(d, 1))),
          rows: kept.map((_, i) => mean(bySeed, i)),
          kept,
        };
      }),
      mask,
      shape,
      'fewer than two rows and layers in which no update is rounding',
    );
  return { constant: number(byConstant), finetuning: number(byFinetuning) };
}

/** Inner products of the updates of a seed in a layer, by row. */
interface RowMoments {
  readonly uu: Float64Array;
  readonly uv: Float64Array;
  readonly vv: Float64Array;
  /** <sum of u, u_i>, and |sum of u|^2. */
  readonly withSum: Float64Array;
  readonly sumSquared: number;
}

function momentsOf(u: Float64Array, v: Float64Array, D: number): RowMoments {
  const n = u.length / D;
  const sum = vectorSum(u, D);
  const byRow = (read: (at: number) => number) => Float64Array.from({ length: n }, (_, i) => read(i * D));
  return {
    uu: byRow(at => dotAt(u, at, u, at, D)),
    uv: byRow(at => dotAt(u, at, v, at, D)),
    vv: byRow(at => dotAt(v, at, v, at, D)),
    withSum: byRow(at => dotAt(sum, 0, u, at, D)),
    sumSquared: dotAt(sum, 0, sum, 0, D),
  };
}

function total(values: Float64Array, without: number | undefined): number {
  const all = values.reduce((sum, x) => sum + x, 0);
  return without === undefined ? all : all - values[without]!;
}

function byConstant({ uu, withSum, sumSquared }: RowMoments, without?: number): number {
  const n = uu.length - (without === undefined ? 0 : 1);
  const squares = total(uu, without);
  const ofSum = without === undefined ? sumSquared : sumSquared - 2 * withSum[without]! + uu[without]!;
  // u_i - mean of the others = n / (n - 1) (u_i - mean of all).
  const factor = (n / (n - 1)) ** 2;
  return 1 - (factor * (squares - ofSum / n)) / squares;
}

function byFinetuning({ uu, uv, vv }: RowMoments, without?: number): number {
  const [squares, products, sizes] = [uu, uv, vv].map(values => total(values, without)) as [number, number, number];
  let rest = 0;
  for (let i = 0; i < uu.length; i++) {
    if (i === without) continue;
    const a = (products - uv[i]!) / (sizes - vv[i]!);
    rest += uu[i]! - 2 * a * uv[i]! + a * a * vv[i]!;
  }
  return 1 - rest / squares;
}
