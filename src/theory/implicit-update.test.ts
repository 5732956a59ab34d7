import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawFrom } from './draw.ts';
import {
  blockOutput,
  checkImplicitUpdate,
  type FeedForward,
  implicitUpdate,
  rankOneUpdate,
  rmsNorm,
  sizeOf,
  swiglu,
  updated,
} from './implicit-update.ts';
import { largestDifference, norm, outer, stack } from './matrix.ts';

const vec = (...entries: number[]) => Float64Array.from(entries);

test('block with context = updated block without, for all sizes and numbers of first matrices', () => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 3 }),
      (seed, D, F, matrices) => {
        const draw = drawFrom(seed);
        const block: FeedForward = {
          normalise: rmsNorm(draw.vector(D), 1e-5),
          first: Array.from({ length: matrices }, () => draw.matrix(F, D)),
          join: read => read.reduce((product, each) => product.map((x, i) => x * Math.tanh(each[i]!))),
          last: draw.matrix(D, F),
          bias: draw.vector(D),
        };
        const [without, within] = [draw.vector(D), draw.vector(D)];
        const patched = updated(block, implicitUpdate(block, without, within));
        const scale = 1 + norm(blockOutput(block, within));
        expect(largestDifference(blockOutput(patched, without), blockOutput(block, within)) / scale).toBeLessThan(
          1e-10,
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('by hand: W = (1 2), z_0 = (1, 1), z = (3, 0): dW z_0 = W dz = 0, no change; z = (3, 1): dW = (1 1)', () => {
  const W = stack([vec(1, 2)]);
  expect(sizeOf(rankOneUpdate(W, vec(1, 1), vec(3, 0)))).toBe(0);
  const { left, right } = rankOneUpdate(W, vec(1, 1), vec(3, 1));
  expect(outer(left, right).data).toEqual(vec(1, 1));
});

test('norm and gate by hand', () => {
  expect(rmsNorm(vec(1, 2), 0)(vec(3, -3))).toBeAllClose([1, -2], 1e-15);
  expect(swiglu([vec(0, 1), vec(5, 2)])).toBeAllClose([0, 2 / (1 + Math.exp(-1))], 1e-15);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('the checks hold with seed %i', seed => {
  for (const { claim, passed } of checkImplicitUpdate(seed)) expect(passed, claim).toBe(true);
});
