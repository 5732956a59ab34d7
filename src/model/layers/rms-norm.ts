import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';

/** x / sqrt(mean(x^2) + epsilon) * scale over the last axis (Zhang and Sennrich 2019). @param scale [D] */
export function rmsNorm(x: Tensor, scale: Tensor, epsilon: number): Tensor {
  const meanSquare = g.reduceMean(g.mul(x, x));
  return g.mul(g.div(x, g.sqrt(g.add(meanSquare, constant(epsilon)))), scale);
}
