import { isRounding } from './rounding.ts';

/** The guard of the paper's official code: cos(a, b) = a.b / (|a||b| + 1e-20). */
const GUARD = 1e-20;

/**
 * Cosine of two vectors: a.b / (|a||b| + 1e-20), sums in float64. Null if one of them is zero,
 * where the quotient would be 0. With `start` and `length`, the cosine of that slice of both.
 */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>, start = 0, length = a.length): number | null {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = start; i < start + length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  if (aa === 0 || bb === 0) return null;
  return quotient(dot, Math.sqrt(aa) * Math.sqrt(bb));
}

/**
 * Cosine of two updates from one base: cos(a - base, b - base). Null if an update is rounding: at
 * most 3e-5 |base|. With `start` and `length`, of that slice of all three. `scale` multiplies each
 * vector before the difference (default: 1).
 */
export function cosineOfUpdates(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  base: ArrayLike<number>,
  start = 0,
  length: number = base.length,
  scale: { readonly a: number; readonly b: number; readonly base: number } = { a: 1, b: 1, base: 1 },
): number | null {
  let dot = 0;
  let uu = 0;
  let vv = 0;
  let size = 0;
  for (let i = start; i < start + length; i++) {
    const z = base[i]! * scale.base;
    const x = a[i]! * scale.a;
    const y = b[i]! * scale.b;
    const u = x - z;
    const v = y - z;
    dot += u * v;
    uu += u * u;
    vv += v * v;
    size += z * z;
  }
  const [u, v, z] = [Math.sqrt(uu), Math.sqrt(vv), Math.sqrt(size)];
  return isRounding(u, z) || isRounding(v, z) ? null : quotient(dot, u * v);
}

/** Euclidean norm of a slice. */
export function norm(a: ArrayLike<number>, start = 0, length = a.length): number {
  let sum = 0;
  for (let i = start; i < start + length; i++) sum += a[i]! * a[i]!;
  return Math.sqrt(sum);
}

/** 1 / (|a| + 1e-20), the factor that normalises a vector; a zero vector stays zero. */
export function inverseNorm(a: ArrayLike<number>, start = 0, length = a.length): number {
  return 1 / (norm(a, start, length) + GUARD);
}

/** a.b / (|a||b| + 1e-20), within [-1, 1]. @throws Error where a number is not finite */
export function quotient(dot: number, norms: number): number {
  const value = dot / (norms + GUARD);
  // JSON writes NaN as null, which would report a bug as an undefined value.
  if (!Number.isFinite(value))
    throw new Error(`cosine of vectors that are not finite (a.b = ${dot}, |a||b| = ${norms})`);
  return Math.max(-1, Math.min(1, value));
}
