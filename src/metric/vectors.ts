/**
 * @file Vectors of D numbers, n below each other in a flat array [n * D]. Plain loops, since folds
 * run them over gigabytes. Sums are variables of their own: V8 boxes each new value of a variable
 * that is destructured.
 */

/** The inner product of D numbers of each array. */
export function dotAt(a: Float64Array, atA: number, b: Float64Array, atB: number, D: number): number {
  // Four sums, so that none waits for another.
  let p = 0;
  let q = 0;
  let r = 0;
  let s = 0;
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

/**
 * Adds the inner products of n vectors with m others: sums[d * m + e] += <u_d, v_e>. Of an array
 * with itself half of them are computed.
 *
 * @param u [n * D]
 * @param v [m * D]
 */
export function addProducts(sums: Float64Array, u: Float64Array, v: Float64Array, D: number): void {
  const [n, m] = [u.length / D, v.length / D];
  const isOne = u === v;
  let d = 0;
  if (!isOne) for (; d + 1 < n; d += 2) addProductsOfTwo(sums, u, d, v, D);
  for (; d < n; d++) {
    const a = d * D;
    let e = isOne ? d : 0;
    // Four at a time: each number of u_d is read once for them, and the four sums are independent.
    for (; e + 3 < m; e += 4) {
      const b = e * D;
      let p = 0;
      let q = 0;
      let r = 0;
      let s = 0;
      for (let k = 0; k < D; k++) {
        const x = u[a + k]!;
        p += x * v[b + k]!;
        q += x * v[b + D + k]!;
        r += x * v[b + 2 * D + k]!;
        s += x * v[b + 3 * D + k]!;
      }
      const at = d * m + e;
      sums[at]! += p;
      sums[at + 1]! += q;
      sums[at + 2]! += r;
      sums[at + 3]! += s;
    }
    for (; e < m; e++) sums[d * m + e]! += dotAt(u, a, v, e * D, D);
  }
  if (isOne) for (let d = 1; d < n; d++) for (let e = 0; e < d; e++) sums[d * m + e] = sums[e * m + d]!;
}

/** The same for two vectors of u, from the d-th on: each number of v is read once for both. */
function addProductsOfTwo(sums: Float64Array, u: Float64Array, d: number, v: Float64Array, D: number): void {
  const m = v.length / D;
  const a = d * D;
  let e = 0;
  for (; e + 3 < m; e += 4) {
    const b = e * D;
    let p0 = 0;
    let q0 = 0;
    let r0 = 0;
    let s0 = 0;
    let p1 = 0;
    let q1 = 0;
    let r1 = 0;
    let s1 = 0;
    for (let k = 0; k < D; k++) {
      const x = u[a + k]!;
      const y = u[a + D + k]!;
      const p = v[b + k]!;
      const q = v[b + D + k]!;
      const r = v[b + 2 * D + k]!;
      const s = v[b + 3 * D + k]!;
      p0 += x * p;
      q0 += x * q;
      r0 += x * r;
      s0 += x * s;
      p1 += y * p;
      q1 += y * q;
      r1 += y * r;
      s1 += y * s;
    }
    const at = d * m + e;
    sums[at]! += p0;
    sums[at + 1]! += q0;
    sums[at + 2]! += r0;
    sums[at + 3]! += s0;
    sums[at + m]! += p1;
    sums[at + m + 1]! += q1;
    sums[at + m + 2]! += r1;
    sums[at + m + 3]! += s1;
  }
  for (; e < m; e++) {
    sums[d * m + e]! += dotAt(u, a, v, e * D, D);
    sums[(d + 1) * m + e]! += dotAt(u, a + D, v, e * D, D);
  }
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

/** The vectors of the given places, below each other. */
export function selectVectors(vectors: Float64Array, places: readonly number[], D: number): Float64Array {
  if (places.length * D === vectors.length) return vectors;
  const selected = new Float64Array(places.length * D);
  for (const [n, i] of places.entries()) selected.set(vectors.subarray(i * D, (i + 1) * D), n * D);
  return selected;
}
