import { describeShape, type TensorData } from './protocol.ts';

/**
 * sum_i (a_i - b_i)^2 in float64, in row-major order.
 *
 * @param sum is added to, element by element
 */
export function squaredDistance(a: TensorData, b: TensorData, sum = 0): number {
  const [first, second] = [describeShape(a), describeShape(b)];
  if (first !== second) throw new Error(`a tensor ${first} has no distance from a tensor ${second}`);
  let squares = sum;
  for (let i = 0; i < a.data.length; i++) {
    const difference = a.data[i]! - b.data[i]!;
    squares += difference * difference;
  }
  return squares;
}
