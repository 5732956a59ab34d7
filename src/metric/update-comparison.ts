import type { ArmPair, OutputShape } from './arm-outputs.ts';
import { quotient } from './cosine.ts';
import { isRounding } from './rounding.ts';

/** The updates of two arms of a seed, row by row and layer by layer: [R * L] each, NaN where null. */
export interface UpdateComparison {
  /** cos(u, v), u = h_first - h_Z and v = h_second - h_Z. */
  readonly cosines: Float64Array;
  /** The same of h / |h| in place of h, as Dai et al. do. */
  readonly normalised: Float64Array;
  /** |v| / |u| */
  readonly sizes: Float64Array;
}

/**
 * Compares the updates of two arms. Null where one of them is at most 3e-5 |h_Z|.
 *
 * @throws Error where an output is not finite
 */
export function compareUpdates(
  { rows, layers, hiddenSize: D }: OutputShape,
  { zeroShot, first, second }: ArmPair,
): UpdateComparison {
  const empty = () => new Float64Array(rows * layers).fill(Number.NaN);
  const [cosines, normalised, sizes] = [empty(), empty(), empty()];
  for (let at = 0; at < rows * layers; at++) {
    let uu = 0;
    let uv = 0;
    let vv = 0;
    let uz = 0;
    let vz = 0;
    let zz = 0;
    for (let k = at * D; k < (at + 1) * D; k++) {
      const z = zeroShot[k]!;
      const u = first[k]! - z;
      const v = second[k]! - z;
      uu += u * u;
      uv += u * v;
      vv += v * v;
      uz += u * z;
      vz += v * z;
      zz += z * z;
    }
    const size = Math.sqrt(zz);
    const [a, b] = [Math.sqrt(uu), Math.sqrt(vv)];
    if (!isRounding(a, size) && !isRounding(b, size)) {
      cosines[at] = quotient(uv, a * b);
      sizes[at] = b / a;
    }
    // h / |h| - z / |z| = s u + t z, s = 1 / |h| and t = s - 1 / |z|.
    const s = inverse(Math.sqrt(uu + 2 * uz + zz));
    const r = inverse(Math.sqrt(vv + 2 * vz + zz));
    const [t, q] = [s - inverse(size), r - inverse(size)];
    const x = Math.sqrt(s * s * uu + 2 * s * t * uz + t * t * zz);
    const y = Math.sqrt(r * r * vv + 2 * r * q * vz + q * q * zz);
    const base = size > 0 ? 1 : 0;
    if (!isRounding(x, base) && !isRounding(y, base)) {
      normalised[at] = quotient(s * r * uv + s * q * uz + t * r * vz + t * q * zz, x * y);
    }
  }
  return { cosines, normalised, sizes };
}

/** A zero vector stays zero. */
function inverse(size: number): number {
  return size > 0 ? 1 / size : 0;
}
