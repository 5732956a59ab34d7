import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bigramLoss, unigramLoss } from './n-grams.ts';

const tokens = (...ids: number[]) => Int32Array.from(ids);

test('by hand: trained on 0 0 1, evaluated on 0 1', () => {
  // P(1) = (1 + 1) / (3 + 3); 0 was followed by 0 and by 1: P(1 | 0) = (1 + 2 P(1)) / (2 + 2)
  expect(unigramLoss(tokens(0, 0, 1), tokens(0, 1), 3)).toBeCloseTo(-Math.log(1 / 3), 14);
  expect(bigramLoss(tokens(0, 0, 1), tokens(0, 1), 3)).toBeCloseTo(-Math.log((1 + 2 / 3) / 4), 14);
  // 2 was never followed.
  expect(bigramLoss(tokens(0, 0, 1), tokens(2, 1), 3)).toBeCloseTo(-Math.log(1 / 3), 14);
});

test('probabilities of all next tokens sum to one', () => {
  const text = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 4 }), (training, now) => {
      for (const loss of [unigramLoss, bigramLoss]) {
        const shares = [0, 1, 2, 3, 4].map(next => Math.exp(-loss(tokens(...training), tokens(now, next), 5)));
        expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 12);
      }
    }),
  );
});
