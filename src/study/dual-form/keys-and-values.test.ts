import { expect, test } from 'vitest';
import { softmaxAttention } from '../../theory/attention-head.ts';
import { drawFrom } from '../../theory/draw.ts';
import { minus, plus, stack } from '../../theory/matrix.ts';
import { centred, joinTokens, mispaired, tokensFrom } from './keys-and-values.ts';

const draw = drawFrom(1);
const tokens = { keys: draw.matrix(6, 3), values: draw.matrix(6, 2) };
const vec = (...entries: number[]) => Float64Array.from(entries);

test('tokens cut in two and joined are the same', () => {
  expect(joinTokens(tokensFrom(tokens, 0, 2), tokensFrom(tokens, 2))).toEqual(tokens);
});

test('centred values sum to zero, and softmax attention to them differs by the mean', () => {
  const without = centred(tokens);
  const mean = minus(tokens.values.data.subarray(0, 2), without.values.data.subarray(0, 2));
  const query = draw.vector(3);
  const whole = softmaxAttention(tokens, query, 1);
  expect(plus(softmaxAttention(without, query, 1), mean)).toBeAllClose(whole, 1e-12);
  expect(without.values.data.filter((_, at) => at % 2 === 0).reduce((sum, x) => sum + x)).toBeCloseTo(0, 12);
});

test('mispaired: the same keys and values in other pairs', () => {
  const three = { keys: stack([vec(1), vec(2), vec(3)]), values: stack([vec(10), vec(20), vec(30)]) };
  expect(mispaired(three).values.data).toEqual(vec(20, 30, 10));
  expect(mispaired(three).keys).toBe(three.keys);
});
