import { fillNormal, fillUniform, randomStream } from '../statistics/random.ts';
import { type Matrix, scaled, type Vector } from './matrix.ts';

/** Random problems: the same path gives the same numbers. */
export interface Draw {
  /** Normal entries with mean 0 and this deviation (default: 1). */
  readonly vector: (length: number, deviation?: number) => Vector;
  readonly vectors: (count: number, length: number, deviation?: number) => readonly Vector[];
  readonly matrix: (rows: number, columns: number, deviation?: number) => Matrix;
  /** Uniform on [low, high). */
  readonly uniform: (length: number, low: number, high: number) => Vector;
}

export function drawFrom(...path: readonly number[]): Draw {
  const stream = randomStream(...path);
  const normals = (length: number, deviation = 1) => scaled(fillNormal(stream, new Float64Array(length)), deviation);
  return {
    vector: normals,
    vectors: (count, length, deviation) => Array.from({ length: count }, () => normals(length, deviation)),
    matrix: (rows, columns, deviation) => ({ rows, columns, data: normals(rows * columns, deviation) }),
    uniform: (length, low, high) => fillUniform(stream, new Float64Array(length)).map(u => low + (high - low) * u),
  };
}
