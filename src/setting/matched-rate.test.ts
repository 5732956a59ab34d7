import { expect, test } from 'vitest';
import { matchRate } from './matched-rate.ts';

test('a size proportional to the rate matches at the second rate', async () => {
  const found = await matchRate(0.001, 2, async rate => 100 * rate);
  expect(found.learningRate).toBeCloseTo(0.02, 12);
  expect(found).toMatchObject({ matched: true, tried: [{ learningRate: 0.001, size: 0.1 }] });
});

test('a first rate whose size is near enough stays', async () => {
  expect(await matchRate(0.1, 1, async () => 1.28)).toEqual({
    learningRate: 0.1,
    size: 1.28,
    matched: true,
    tried: [],
  });
  // ln 1.29 = 0.2546
  expect((await matchRate(0.1, 1, async () => 1.29)).matched).toBe(false);
});

test('the rate changes three times at most, and the last one is returned', async () => {
  const rates: number[] = [];
  const found = await matchRate(1, 1, async rate => {
    rates.push(rate);
    return 4;
  });
  expect(rates).toEqual([1, 1 / 4, 1 / 16, 1 / 64]);
  expect(found).toMatchObject({ learningRate: 1 / 64, size: 4, matched: false });
  expect(found.tried.map(({ learningRate }) => learningRate)).toEqual([1, 1 / 4, 1 / 16]);
});

test('a rate that diverges is divided by four, one that moves nothing is multiplied', async () => {
  const found = await matchRate(8, 1, async rate => (rate > 1 ? null : rate));
  expect(found.tried).toEqual([
    { learningRate: 8, size: null },
    { learningRate: 2, size: null },
    { learningRate: 0.5, size: 0.5 },
  ]);
  expect(found).toMatchObject({ learningRate: 1, size: 1, matched: true });
  expect((await matchRate(1, 8, async rate => (rate < 2 ? 0 : rate))).learningRate).toBe(8);
  await expect(matchRate(0, 1, async () => 1)).rejects.toThrow(RangeError);
});
