import { Matrix, solve } from 'ml-matrix';

/**
 * The w that minimises sum_i (w.x_i - y_i)^2 + penalty |w|^2; with penalty 0 the one of least norm.
 * Solved over examples where there are fewer of them than dimensions, w = X^T (X X^T + penalty)^-1
 * y, and else over dimensions, w = (X^T X + penalty)^-1 X^T y.
 *
 * @param inputs [n, d], of rank min(n, d) where the penalty is 0
 */
export function ridge(inputs: readonly Float64Array[], answers: ArrayLike<number>, penalty: number): Float64Array {
  const [n, d] = [inputs.length, inputs[0]?.length ?? 0];
  if (n === 0) return new Float64Array(0);
  const X = new Matrix([...inputs]);
  const y = Matrix.columnVector(Array.from(answers));
  const transposed = X.transpose();
  const penalised = (gram: Matrix) => gram.add(Matrix.eye(gram.rows, gram.rows, penalty));
  const w =
    n < d
      ? transposed.mmul(solve(penalised(X.mmul(transposed)), y))
      : solve(penalised(transposed.mmul(X)), transposed.mmul(y));
  return Float64Array.from(w.to1DArray());
}
