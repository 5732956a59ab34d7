import { Matrix as LibraryMatrix, SingularValueDecomposition } from 'ml-matrix';
import type { Matrix } from '../../theory/matrix.ts';

export interface Rank {
  /** Number of singular values above 1e-6 of the largest; smaller ones are rounding of float32. */
  readonly numerical: number;
  /**
   * exp of the entropy of the singular values as shares of their sum (Roy and Vetterli 2007): n for
   * n equal ones.
   */
  readonly effective: number;
  /** Share of the largest singular value in the squared Frobenius norm. */
  readonly first: number;
}

export function rankOf({ rows, columns, data }: Matrix): Rank {
  const matrix = LibraryMatrix.from1DArray(rows, columns, data);
  const options = { computeLeftSingularVectors: false, computeRightSingularVectors: false, autoTranspose: true };
  const values = new SingularValueDecomposition(matrix, options).diagonal;
  const largest = Math.max(...values);
  const total = values.reduce((sum, value) => sum + value, 0);
  const squares = values.reduce((sum, value) => sum + value * value, 0);
  const entropy = values.reduce((sum, value) => (value > 0 ? sum - (value / total) * Math.log(value / total) : sum), 0);
  return {
    numerical: values.filter(value => value > 1e-6 * largest).length,
    effective: Math.exp(entropy),
    first: largest ** 2 / squares,
  };
}
