import type { ArmPair, OutputShape } from './arm-outputs.ts';
import { norm } from './cosine.ts';
import { updateMask } from './partition.ts';

/**
 * rho: the size of the finetuned updates against the in-context ones, the median over seeds, rows and
 * layers of |v| / |u|, u = h_first - h_Z and v = h_second - h_Z. Rows and layers in which one of the two is
 * rounding are left out; null where all are.
 */
export function updateSize(shape: OutputShape, pairs: readonly ArmPair[]): number | null {
  const { layers, hiddenSize: D } = shape;
  const mask = updateMask(shape, pairs);
  const ratios = pairs.flatMap(({ zeroShot, first, second }) => {
    const size = (arm: ArmPair['first'], at: number) => {
      const difference = arm.subarray(at, at + D).map((x, k) => x - zeroShot[at + k]!);
      return norm(difference);
    };
    return Array.from({ length: shape.rows * layers }, (_, place) => place)
      .filter(place => mask[place] === 0)
      .map(place => size(second, place * D) / size(first, place * D));
  });
  return median(ratios);
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
