import { expect, test } from 'vitest';
import type { TensorData } from './protocol.ts';
import { squaredDistance } from './squared-distance.ts';

const floats = (...numbers: number[]): TensorData => ({
  type: 'float32',
  dims: [1, numbers.length],
  data: Float32Array.from(numbers),
});

test('adds squared differences of float32 numbers in float64', () => {
  const small = Math.fround(1e-4);
  expect(squaredDistance(floats(1, 2, small), floats(4, -2, 0))).toBe(9 + 16 + small ** 2);
  expect(squaredDistance(floats(3), floats(1), 0.5)).toBe(4.5);
  expect(squaredDistance(floats(), floats())).toBe(0);
});

test('refuses tensors of other shapes', () => {
  expect(() => squaredDistance(floats(1, 2), floats(1, 2, 3))).toThrow(
    'a tensor float32[1,2] has no distance from a tensor float32[1,3]',
  );
});
