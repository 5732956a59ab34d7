import { expect, test } from 'vitest';
import { fedByCaller, withDerived } from './derived.ts';
import type { TensorData } from './protocol.ts';

const positions: TensorData = { type: 'int32', dims: [2], data: Int32Array.of(3, 4) };
const derived = {
  double: { from: 'positions', rows: (values: Int32Array) => Float32Array.from(values, x => 2 * x) },
};
const double: TensorData = { type: 'float32', dims: [2, 1], data: Float32Array.of(6, 8) };

test('a caller feeds what the derived inputs of a graph follow from', () => {
  expect(fedByCaller(['tokens', 'double'], derived)).toEqual(['tokens', 'positions']);
  expect(fedByCaller(['positions', 'double'], derived)).toEqual(['positions']);
  expect(fedByCaller(['tokens'], derived)).toEqual(['tokens']);
});

test('derived inputs are computed, and what they follow from is fed only to a graph that reads it', () => {
  expect(withDerived('s', ['double'], derived, { positions })).toEqual({ double });
  expect(withDerived('s', ['positions', 'double'], derived, { positions })).toEqual({ positions, double });
  expect(withDerived('s', ['tokens'], derived, { tokens: positions })).toEqual({ tokens: positions });
});

test('numbers are needed, not a handle', () => {
  const handle = { handle: 1 };
  expect(() => withDerived('s', ['double'], derived, { positions: handle })).toThrow(
    'session s: double follows from positions, which must be fed as int32 numbers',
  );
});
