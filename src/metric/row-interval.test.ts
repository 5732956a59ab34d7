import fc from 'fast-check';
import { expect, test } from 'vitest';
import { meanWithInterval } from '../statistics/paired-t.ts';
import { fillNormal, randomStream } from '../statistics/random.ts';
import { foldExamples } from './fold.ts';
import type { PerLayer } from './per-layer.ts';

const intervalOf = (rows: readonly PerLayer[]) => foldExamples(rows, 'x').interval;
const why = (reason: string) => ({ low: null, high: null, why: reason });

test('is the t interval of the means over layers if nothing is undefined', () => {
  const rows = [
    [0.1, 0.5, 0.3],
    [0.2, 0.1, 0.9],
    [-0.4, 0.3, 0.2],
  ];
  const { low, high } = meanWithInterval(rows.map(row => row.reduce((sum, x) => sum + x, 0) / 3))!;
  const found = intervalOf(rows);
  expect([found.low!, found.high!]).toBeAllClose([low!, high!], 1e-14);
});

test('ignores a layer that no row has', () => {
  const rows = [[0.1], [0.3], [0.8]];
  expect(intervalOf(rows.map(([x]) => [null, x!]))).toEqual(intervalOf(rows));
});

const value = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: -1000, max: 1000 }) }, fc.constant(null));
test('contains the value, whatever pairs of row and layer are undefined', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 12 }), rows => {
      const { value, interval } = foldExamples(rows, 'x');
      if (interval.low === null || interval.high === null) expect(interval.why).toEqual(expect.any(String));
      else expect((interval.low + interval.high) / 2).toBeCloseTo(value!, 8);
    }),
  );
});

test('does not exist without a value, with one row, or with equal rows', () => {
  expect(intervalOf([])).toEqual(why('there is no value'));
  expect(intervalOf([[null], [null]])).toEqual(why('there is no value'));
  expect(intervalOf([[1, 2]])).toEqual(why('fewer than two rows have a value'));
  expect(
    intervalOf([
      [0.1, 0.7],
      [0.3, 0.5],
    ]),
  ).toEqual(why('all 2 rows have the same value'));
});

test('correlated layers: covers the true value in about 95 of 100 samples, with gaps or without', () => {
  const [rows, layers, samples] = [12, 6, 1500];
  for (const gap of [0, 0.3]) {
    let held = 0;
    for (let sample = 0; sample < samples; sample++) {
      const noise = fillNormal(randomStream(21, sample, 100 * gap), new Float64Array(rows * (layers + 1)));
      const uniform = fillNormal(randomStream(22, sample, 100 * gap), new Float64Array(rows * layers));
      const drawn = Array.from({ length: rows }, (_, i) =>
        Array.from({ length: layers }, (_, l) => {
          // P(Z < -0.524) = 0.3; layer 0 is never undefined, so that every row has a value.
          if (gap > 0 && l > 0 && uniform[i * layers + l]! < -0.524) return null;
          return l + noise[i]! + 0.5 * noise[rows + i * layers + l]!;
        }),
      );
      const { low, high } = intervalOf(drawn);
      const truth = (layers - 1) / 2;
      if (low! <= truth && truth <= high!) held++;
    }
    // Standard deviation 0.0056.
    expect(Math.abs(held / samples - 0.95)).toBeLessThan(0.02);
  }
});
