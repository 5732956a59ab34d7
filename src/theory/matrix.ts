/**
 * @file Vectors and matrices in float64, as far as the chapters need them, written for reading. What is called millions
 * of times is a loop: `map` and `subarray` of a typed array take several times as long for a few entries.
 */

export type Vector = Float64Array;

/** Entry (i, j) is data[i * columns + j]. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

export function vector(length: number, entry: (i: number) => number): Vector {
  const result = new Float64Array(length);
  for (let i = 0; i < length; i++) result[i] = entry(i);
  return result;
}

export function matrix(rows: number, columns: number, entry?: (row: number, column: number) => number): Matrix {
  const data = new Float64Array(rows * columns);
  if (entry === undefined) return { rows, columns, data };
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) data[i * columns + j] = entry(i, j);
  }
  return { rows, columns, data };
}

/** The vectors as rows of a matrix. */
export function stack(rows: readonly Vector[]): Matrix {
  const result = matrix(rows.length, rows[0]?.length ?? 0);
  for (const [i, each] of rows.entries()) result.data.set(each, i * result.columns);
  return result;
}

export function row(m: Matrix, i: number): Vector {
  return m.data.subarray(i * m.columns, (i + 1) * m.columns);
}

/** u . v */
export function dot(u: Vector, v: Vector): number {
  requireSize('dot', u.length, v.length);
  let sum = 0;
  for (let i = 0; i < u.length; i++) sum += u[i]! * v[i]!;
  return sum;
}

/** |v|, and the Frobenius norm of a matrix given by its entries */
export function norm(v: Vector): number {
  return Math.sqrt(dot(v, v));
}

/** u + scale v */
export function plus(u: Vector, v: Vector, scale = 1): Vector {
  requireSize('plus', u.length, v.length);
  const result = new Float64Array(u.length);
  for (let i = 0; i < u.length; i++) result[i] = u[i]! + scale * v[i]!;
  return result;
}

/** u - v */
export function minus(u: Vector, v: Vector): Vector {
  return plus(u, v, -1);
}

export function scaled(v: Vector, scale: number): Vector {
  const result = new Float64Array(v.length);
  for (let i = 0; i < v.length; i++) result[i] = scale * v[i]!;
  return result;
}

/** W x */
export function times(W: Matrix, x: Vector): Vector {
  requireSize('times', W.columns, x.length);
  const result = new Float64Array(W.rows);
  for (let i = 0; i < W.rows; i++) {
    const from = i * W.columns;
    let sum = 0;
    for (let j = 0; j < W.columns; j++) sum += W.data[from + j]! * x[j]!;
    result[i] = sum;
  }
  return result;
}

/** W^T x: the rows of W, weighted by x */
export function timesTransposed(W: Matrix, x: Vector): Vector {
  requireSize('timesTransposed', W.rows, x.length);
  const result = new Float64Array(W.columns);
  for (let i = 0; i < W.rows; i++) {
    const from = i * W.columns;
    for (let j = 0; j < W.columns; j++) result[j]! += x[i]! * W.data[from + j]!;
  }
  return result;
}

/** A B */
export function product(A: Matrix, B: Matrix): Matrix {
  requireSize('product', A.columns, B.rows);
  const result = matrix(A.rows, B.columns);
  for (let i = 0; i < A.rows; i++) {
    const to = i * B.columns;
    for (let k = 0; k < A.columns; k++) {
      const a = A.data[i * A.columns + k]!;
      const from = k * B.columns;
      for (let j = 0; j < B.columns; j++) result.data[to + j]! += a * B.data[from + j]!;
    }
  }
  return result;
}

export function transposed(A: Matrix): Matrix {
  const result = matrix(A.columns, A.rows);
  for (let i = 0; i < A.rows; i++) {
    for (let j = 0; j < A.columns; j++) result.data[j * A.rows + i] = A.data[i * A.columns + j]!;
  }
  return result;
}

/** A + scale B */
export function sum(A: Matrix, B: Matrix, scale = 1): Matrix {
  requireSize('sum', A.rows, B.rows);
  requireSize('sum', A.columns, B.columns);
  return { ...A, data: plus(A.data, B.data, scale) };
}

export function scaledMatrix(A: Matrix, scale: number): Matrix {
  return { ...A, data: scaled(A.data, scale) };
}

/** u v^T */
export function outer(u: Vector, v: Vector): Matrix {
  return matrix(u.length, v.length, (i, j) => u[i]! * v[j]!);
}

/** sum_i u_i v_i^T of the rows of two matrices: U^T V */
export function sumOfOuterProducts(U: Matrix, V: Matrix): Matrix {
  return product(transposed(U), V);
}

export function identity(size: number): Matrix {
  return matrix(size, size, (i, j) => (i === j ? 1 : 0));
}

/** max_i |u_i - v_i|; NaN where either holds one */
export function largestDifference(u: ArrayLike<number>, v: ArrayLike<number>): number {
  requireSize('largestDifference', u.length, v.length);
  let largest = 0;
  for (let i = 0; i < u.length; i++) {
    const difference = Math.abs(u[i]! - v[i]!);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

function requireSize(operation: string, a: number, b: number): void {
  if (a !== b) throw new RangeError(`${operation}: sizes ${a} and ${b} do not fit`);
}
