import fc from 'fast-check';
import { expect, test } from 'vitest';
import { percent, sharesOf } from './shares.ts';

test('shares compare label words that are improbable among all tokens', () => {
  expect(sharesOf([-20, -20 + Math.log(3)])).toEqual([expect.closeTo(0.25, 12), expect.closeTo(0.75, 12)]);
  expect(sharesOf([-2000, -1000])).toEqual([0, 1]);
});

test('shares sum to 1, and do not change when all words become as much less probable', () => {
  const logs = fc.array(fc.double({ min: -50, max: 0, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(logs, fc.double({ min: -50, max: 0, noNaN: true }), (values, shift) => {
      const shares = sharesOf(values);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
      for (const [i, share] of sharesOf(values.map(value => value + shift)).entries())
        expect(share).toBeCloseTo(shares[i]!, 10);
    }),
  );
});

test.each([
  [1, '100.0 %'],
  [0.6213, '62.1 %'],
  [0.01, '1.0 %'],
  [0.000_034, '0.0034 %'],
  [1e-7, '0.000010 %'],
  [1e-12, '< 0.000001 %'],
  [0, '< 0.000001 %'],
])('%d is %s', (probability, text) => expect(percent(probability)).toBe(text));
