import { describe, expect, test } from 'vitest';
import { learningRateAt } from './schedule.ts';

const ratesOf = (schedule: Parameters<typeof learningRateAt>[1]) =>
  Array.from({ length: schedule.steps }, (_, i) => learningRateAt(i + 1, schedule));

describe('learningRateAt', () => {
  test('rises linearly, then decays linearly', () => {
    const rates = ratesOf({ learningRate: 12, warmUp: 3, steps: 7, power: 1 });
    expect(rates).toEqual([4, 8, 12, 12, 9, 6, 3]);
  });

  test('decays with the given power', () => {
    const rates = ratesOf({ learningRate: 16, warmUp: 0, steps: 4, power: 2 });
    expect(rates).toEqual([16, 9, 4, 1]);
  });
});
