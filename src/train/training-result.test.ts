import { expect, test } from 'vitest';
import { predictionOf } from './training-result.ts';

test('a loss as perplexity and as bits per byte', () => {
  const { perplexity, bitsPerByte, why } = predictionOf({ loss: Math.log(8), tokens: 5 }, { tokens: 10, bytes: 30 });
  expect(perplexity).toBeCloseTo(8, 12);
  expect(bitsPerByte).toBeCloseTo(1, 12);
  expect(why).toBeUndefined();
});

test('a perplexity that overflows is null, with the reason', () => {
  expect(predictionOf({ loss: 710, tokens: 5 }, { tokens: 1, bytes: 1 })).toMatchObject({
    perplexity: null,
    why: 'exp(loss) is beyond the largest number',
  });
});
