import type { ArmOutputs, ArmPair, OutputShape } from './arm-outputs.ts';
import { norm } from './cosine.ts';
import { isRounding } from './rounding.ts';

/**
 * rho: the size of the finetuned updates against the in-context ones, the median over seeds, rows
 * and layers of |v| / |u|, u = h_first - h_Z and v = h_second - h_Z. Rows and layers in which one
 * of the two is rounding are left out; null where all are.
 */
export function updateSize(shape: OutputShape, pairs: readonly ArmPair[]): number | null {
  const D = shape.hiddenSize;
  const ratios: number[] = [];
  for (let at = 0; at < shape.rows * shape.layers * D; at += D) {
    const here = pairs.map(({ zeroShot, first, second }) => {
      const base = norm(zeroShot, at, D);
      const [u, v] = [distance(first, zeroShot, at, D), distance(second, zeroShot, at, D)];
      return isRounding(u, base) || isRounding(v, base) ? null : v / u;
    });
    if (!here.includes(null)) ratios.push(...(here as number[]));
  }
  return median(ratios);
}

/** |a - b| of D numbers. */
function distance(a: ArmOutputs, b: ArmOutputs, at: number, D: number): number {
  let squares = 0;
  for (let k = at; k < at + D; k++) squares += (a[k]! - b[k]!) ** 2;
  return Math.sqrt(squares);
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
