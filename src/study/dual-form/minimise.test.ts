import fc from 'fast-check';
import { expect, test } from 'vitest';
import { minimise } from './minimise.ts';

test('finds the minimum of a parabola, to a share of the interval', () => {
  const within = { noNaN: true, min: -5, max: 5 };
  fc.assert(
    fc.property(fc.double(within), fc.double({ ...within, min: 0.1 }), (at, steepness) => {
      expect(Math.abs(minimise(x => steepness * (x - at) ** 2, -5, 5) - at)).toBeLessThan(1e-3);
      expect(Math.abs(minimise(x => steepness * (x - at) ** 2, -5, 5, 0.1) - at)).toBeLessThan(1);
    }),
  );
});

test('a minimum outside the interval is its end', () => {
  expect(minimise(x => x, 2, 3)).toBeCloseTo(2, 3);
});
