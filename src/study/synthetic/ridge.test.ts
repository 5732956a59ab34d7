import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillNormal, randomStream } from '../../statistics/random.ts';
import { ridge } from './ridge.ts';

const rows = (...lists: number[][]) => lists.map(list => Float64Array.from(list));

test('by hand', () => {
  expect(ridge([], [], 0)).toEqual(new Float64Array(0));
  expect(ridge(rows([2]), [6], 0)).toEqual(Float64Array.of(3));
  // 2 * 6 / (4 + 8)
  expect(ridge(rows([2]), [6], 8)).toEqual(Float64Array.of(1));
  // Of all w with w.(3, 4) = 25 the shortest.
  expect(ridge(rows([3, 4]), [25], 0)).toBeAllClose([3, 4], 1e-12);
  expect(ridge(rows([1, 0], [1, 1], [1, 2]), [1, 3, 5], 0)).toBeAllClose([1, 2], 1e-12);
});

// numpy 2.4: np.linalg.solve(X.T @ X + 0.5 * np.eye(2), X.T @ y)
test('against numpy, more and fewer examples than dimensions', () => {
  expect(ridge(rows([1, 2], [3, -1], [0.5, 0.25]), [1, -2, 0.5], 0.5)).toBeAllClose(
    [-0.3864478560084701, 0.6807834833245103],
    1e-12,
  );
  expect(ridge(rows([1, 2, 0]), [3], 0.5)).toBeAllClose([0.5454545454545459, 1.0909090909090908, 0], 1e-12);
});

test('minimises the penalised squared error', () => {
  const loss = (inputs: readonly Float64Array[], answers: Float64Array, penalty: number, w: Float64Array) =>
    inputs.reduce((sum, x, i) => sum + (x.reduce((s, each, k) => s + each * w[k]!, 0) - answers[i]!) ** 2, 0) +
    penalty * w.reduce((sum, each) => sum + each ** 2, 0);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom(0.1, 1, 10),
      fc.nat(),
      (n, d, penalty, seed) => {
        const stream = randomStream(seed);
        const inputs = Array.from({ length: n }, () => fillNormal(stream, new Float64Array(d)));
        const answers = fillNormal(stream, new Float64Array(n));
        const w = ridge(inputs, answers, penalty);
        const least = loss(inputs, answers, penalty, w);
        for (let k = 0; k < d; k++) {
          for (const step of [-1e-3, 1e-3]) {
            const other = w.map((each, i) => (i === k ? each + step : each));
            expect(loss(inputs, answers, penalty, other)).toBeGreaterThan(least);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});
