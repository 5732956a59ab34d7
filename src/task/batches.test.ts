import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batches } from './batches.ts';

const sequences = (lengths: readonly number[]) =>
  lengths.map(length => ({ tokens: new Array<number>(length).fill(0) }));

test('the longest come first, equal lengths in their order', () => {
  expect(batches(sequences([2, 5, 2, 9, 5]), { size: 2 })).toEqual([[3, 1], [4, 0], [2]]);
});

test('each sequence is in one batch, lengths never rise, all batches but the last are full', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 })), fc.integer({ min: 1, max: 7 }), (lengths, size) => {
      const result = batches(sequences(lengths), { size });
      const order = result.flat();
      expect(order.toSorted((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
      expect(order.map(i => lengths[i])).toEqual(lengths.toSorted((a, b) => b - a));
      expect(result.slice(0, -1).every(batch => batch.length === size)).toBe(true);
      expect(result.every(batch => batch.length > 0)).toBe(true);
    }),
  );
});

test('long sequences are in smaller batches, one at least', () => {
  const result = batches(sequences([600, 300, 200, 200, 100, 100, 100, 100, 100]), { size: 4 });
  expect(result).toEqual([[0], [1, 2], [3, 4, 5, 6], [7, 8]]);
});

test('no sequences, no batches; a size must be a whole number from 1 on', () => {
  expect(batches([], { size: 3 })).toEqual([]);
  expect(() => batches(sequences([1]), { size: 0 })).toThrow(RangeError);
});
