import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatenate } from './concatenate.ts';
import type { TensorData } from './protocol.ts';

const floats = (dims: readonly number[], ...values: number[]): TensorData => ({
  type: 'float32',
  dims,
  data: Float32Array.from(values),
});

test('joins along any axis', () => {
  const a = floats([2, 1, 2], 1, 2, 3, 4);
  const b = floats([2, 2, 2], 5, 6, 7, 8, 9, 10, 11, 12);
  const joined = floats([2, 3, 2], 1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12);
  expect(concatenate([a, b], 1)).toEqual(joined);
  expect(concatenate([a, b], -2)).toEqual(joined);
  expect(concatenate([a, a], 0)).toEqual(floats([4, 1, 2], 1, 2, 3, 4, 1, 2, 3, 4));
  expect(concatenate([a, a], -1)).toEqual(floats([2, 1, 4], 1, 2, 1, 2, 3, 4, 3, 4));
});

test('an element keeps its place: index along the axis moves by the parts before', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 }), (widths, rows, inner) => {
      let next = 0;
      const parts = widths.map((width): TensorData => {
        const data = Float32Array.from({ length: rows * width * inner }, () => next++);
        return { type: 'float32', dims: [rows, width, inner], data };
      });
      const total = widths.reduce((sum, width) => sum + width, 0);
      const joined = concatenate(parts, 1);
      expect(joined.dims).toEqual([rows, total, inner]);
      const expected: number[] = [];
      for (let row = 0; row < rows; row++) {
        for (const { dims, data } of parts) {
          const width = dims[1]! * inner;
          expected.push(...data.slice(row * width, (row + 1) * width));
        }
      }
      expect([...joined.data]).toEqual(expected);
    }),
  );
});

test('int32 stays int32', () => {
  const ids: TensorData = { type: 'int32', dims: [1], data: Int32Array.of(7) };
  expect(concatenate([ids, ids], 0)).toEqual({ type: 'int32', dims: [2], data: Int32Array.of(7, 7) });
});

test('refuses tensors that do not fit together', () => {
  const a = floats([1, 2], 1, 2);
  expect(() => concatenate([], 0)).toThrow('nothing to concatenate');
  expect(() => concatenate([a], 2)).toThrow('float32[1,2] has no axis 2');
  expect(() => concatenate([a], -3)).toThrow('has no axis -3');
  expect(() => concatenate([a, floats([1, 3], 1, 2, 3)], 0)).toThrow(
    'float32[1,2] and float32[1,3] do not fit together',
  );
  expect(() => concatenate([a, floats([2], 1, 2)], 0)).toThrow('do not fit together');
  expect(() => concatenate([a, { type: 'int32', dims: [1, 2], data: Int32Array.of(1, 2) }], 0)).toThrow('do not fit');
});
