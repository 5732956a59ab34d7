import type { CrossedDeviations } from './crossed-mean.ts';
import { studentTPoint } from './student-t.ts';

/**
 * Smallest true effect that a two-sided test at 5 % finds in 80 % of studies, for an estimate with
 * standard error `error` and `df` degrees of freedom: (t_.975 + t_.80) error.
 */
export function detectableEffect(error: number, df: number): number {
  return (studentTPoint(0.95, df) + studentTPoint(0.6, df)) * error;
}

/**
 * Before a study, for a mean over S seeds and R rows: the error is sqrt(sd_d^2 / S + sd_i^2 / R +
 * sd_e^2 / (S R)), with S - 1 degrees of freedom.
 */
export function detectableMean(seeds: number, rows: number, deviations: CrossedDeviations): number {
  const variance = deviations.seeds ** 2 / seeds + deviations.rows ** 2 / rows + deviations.rest ** 2 / (seeds * rows);
  return detectableEffect(Math.sqrt(variance), seeds - 1);
}

/**
 * Before a study, for a correlation of S centred vectors with S others that vary in `dimension`
 * directions: unrelated ones have a correlation with standard deviation 1 / sqrt((S - 1)
 * dimension).
 */
export function detectableCorrelation(seeds: number, dimension: number): number {
  return detectableEffect(1 / Math.sqrt((seeds - 1) * dimension), seeds - 1);
}

/**
 * The number of directions in which vectors vary: (sum of eigenvalues)^2 / sum of their squares, of
 * their Gram matrix. 1 if all lie on a line, the rank if all directions are equally long. Null for
 * zero vectors.
 */
export function effectiveDimension(gram: readonly (readonly number[])[]): number | null {
  if (gram.some(row => row.length !== gram.length))
    throw new RangeError('effectiveDimension: the matrix is not square');
  const trace = gram.reduce((sum, row, i) => sum + row[i]!, 0);
  // The squared eigenvalues of a symmetric matrix sum to its squared entries.
  const squares = gram.flat().reduce((sum, x) => sum + x * x, 0);
  return squares === 0 ? null : (trace * trace) / squares;
}
