/**
 * @file Vectors of D numbers, n below each other in a flat array [n * D]. Plain loops: folds run
 * them over gigabytes.
 */

/** The inner product of D numbers of each array. */
export function dotAt(a: Float64Array, atA: number, b: Float64Array, atB: number, D: number): number {
  // Four sums, so that none waits for another.
  let [p, q, r, s] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 3 < D; k += 4) {
    p += a[atA + k]! * b[atB + k]!;
    q += a[atA + k + 1]! * b[atB + k + 1]!;
    r += a[atA + k + 2]! * b[atB + k + 2]!;
    s += a[atA + k + 3]! * b[atB + k + 3]!;
  }
  for (; k < D; k++) p += a[atA + k]! * b[atB + k]!;
  return p + q + (r + s);
}

/** The inner products of the vectors of arrays u_d and v_d, row by row: [S, n]. */
export function products(u: readonly Float64Array[], v: readonly Float64Array[], D: number): Float64Array {
  const n = u[0]!.length / D;
  const terms = new Float64Array(u.length * n);
  for (let d = 0; d < u.length; d++) {
    for (let i = 0; i < n; i++) terms[d * n + i] = dotAt(u[d]!, i * D, v[d]!, i * D, D);
  }
  return terms;
}

/** The squared norm of each vector: [n]. */
export function squaredNorms(vectors: Float64Array, D: number): Float64Array {
  const squares = new Float64Array(vectors.length / D);
  for (let i = 0; i < squares.length; i++) squares[i] = dotAt(vectors, i * D, vectors, i * D, D);
  return squares;
}

/** The sum of the vectors: [D]. */
export function vectorSum(vectors: Float64Array, D: number): Float64Array {
  const sum = new Float64Array(D);
  for (let at = 0; at < vectors.length; at += D) for (let k = 0; k < D; k++) sum[k]! += vectors[at + k]!;
  return sum;
}

/** Each vector with length 1; vectors of zeros stay. */
export function normalised(vectors: Float64Array, D: number): Float64Array {
  const unit = new Float64Array(vectors.length);
  const squares = squaredNorms(vectors, D);
  for (let i = 0; i < squares.length; i++) {
    const scale = squares[i]! > 0 ? 1 / Math.sqrt(squares[i]!) : 0;
    for (let at = i * D; at < (i + 1) * D; at++) unit[at] = scale * vectors[at]!;
  }
  return unit;
}

/** a + scale b. */
export function plusScaled(a: Float64Array, b: Float64Array, scale: number): Float64Array {
  const sum = new Float64Array(a.length);
  for (let k = 0; k < a.length; k++) sum[k] = a[k]! + scale * b[k]!;
  return sum;
}

/** Each vector less the mean of all. */
export function centred(vectors: Float64Array, D: number): Float64Array {
  const sum = vectorSum(vectors, D);
  const n = vectors.length / D;
  const rest = new Float64Array(vectors.length);
  for (let at = 0; at < vectors.length; at += D) {
    for (let k = 0; k < D; k++) rest[at + k] = vectors[at + k]! - sum[k]! / n;
  }
  return rest;
}

/** Each array less the mean of all arrays. */
export function centredOverArrays(arrays: readonly Float64Array[]): readonly Float64Array[] {
  const sum = new Float64Array(arrays[0]!.length);
  for (const own of arrays) for (let k = 0; k < sum.length; k++) sum[k]! += own[k]!;
  return arrays.map(own => plusScaled(own, sum, -1 / arrays.length));
}

/** The vectors of the given places, below each other. */
export function selectVectors(vectors: Float64Array, places: readonly number[], D: number): Float64Array {
  if (places.length * D === vectors.length) return vectors;
  const selected = new Float64Array(places.length * D);
  for (const [n, i] of places.entries()) selected.set(vectors.subarray(i * D, (i + 1) * D), n * D);
  return selected;
}
