import type { ArmPair, OutputShape } from './arm-outputs.ts';
import { compareUpdates } from './update-comparison.ts';

/**
 * rho: the size of the finetuned updates against the in-context ones, the median over seeds, rows
 * and layers of |v| / |u|, u = h_first - h_Z and v = h_second - h_Z. Rows and layers in which one
 * of the two is rounding are left out; null where all are.
 */
export function updateSize(shape: OutputShape, pairs: readonly ArmPair[]): number | null {
  return medianSize(pairs.map(pair => compareUpdates(shape, pair).sizes));
}

/** rho of the ratios |v| / |u| of each seed, NaN where null. */
export function medianSize(seeds: readonly Float64Array[]): number | null {
  const isNull = (at: number) => seeds.some(ratios => Number.isNaN(ratios[at]!));
  const places = Array.from(seeds[0] ?? [], (_, at) => at).filter(at => !isNull(at));
  return median(seeds.flatMap(ratios => places.map(at => ratios[at]!)));
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
