import fc from 'fast-check';
import { expect, test } from 'vitest';
import { permutationTest, smallestPermutationP } from './permutation-test.ts';
import { allPermutations, drawPermutation } from './permutations.ts';
import { fillNormal, randomStream } from './random.ts';

test('three rows by hand', () => {
  const table = [
    [0.5, 0.1, 0.2],
    [0.1, 0.4, 0.3],
    [0.2, 0.1, 0.6],
  ];
  // Traces 1.5, 0.8, 0.8, 0.9, 0.6, 0.4.
  const found = permutationTest(table);
  expect(found).toEqual({ difference: expect.closeTo(1 / 3, 14), above: 1 / 6, below: 1, p: 1 / 3, permutations: 6 });
  const turned = permutationTest(table.map(row => row.map(x => -x)));
  expect(turned).toEqual({ difference: expect.closeTo(-1 / 3, 14), above: 1, below: 1 / 6, p: 1 / 3, permutations: 6 });
});

test('enumerates every permutation once, the identity first; samples each equally often', () => {
  const orders = [...allPermutations(5)].map(String);
  expect([orders.length, new Set(orders).size, orders[0]]).toEqual([120, 120, '0,1,2,3,4']);
  const stream = randomStream(2);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const key = String(drawPermutation(stream, 3));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([...allPermutations(3)].map(String).sort());
  // Standard deviation 29.
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
});

const square = (n: number, ...path: number[]) => {
  const flat = fillNormal(randomStream(77, ...path), new Float64Array(n * n));
  return Array.from({ length: n }, (_, i) => Array.from(flat.subarray(i * n, (i + 1) * n)));
};

test('has no p if nothing depends on the matching; ties count as ties in spite of rounding', () => {
  // Row effects and column effects alone: every trace is the same but for rounding.
  const [rows, columns] = [
    [0.1, 0.7, 0.2, 0.3],
    [0.3, 0.11, 0.13, 1 / 3],
  ];
  const table = rows.map(r => columns.map(c => r + c));
  const none = { above: null, below: null, p: null };
  expect(permutationTest(table)).toMatchObject({ ...none, why: 'every permutation has the same trace' });
  const [tied, lone] = [square(4, 1), permutationTest(square(4, 1))];
  const shifted = permutationTest(tied.map((row, i) => row.map((x, j) => x + rows[i]! + columns[j]!)));
  expect([shifted.above, shifted.below]).toEqual([lone.above, lone.below]);
  expect(permutationTest([[1]])).toMatchObject({ ...none, difference: null, why: 'fewer than two rows' });
  expect(() => permutationTest([[1, 2]])).toThrow(RangeError);
});

test('sampled permutations agree with all of them, and p is never 0', () => {
  const nine = square(9, 3);
  for (let i = 0; i < 9; i++) nine[i]![i]! += 0.7;
  let [atLeast, count] = [0, 0];
  const trace = (columns: readonly number[]) => columns.reduce((sum, c, i) => sum + nine[i]![c]!, 0);
  const own = trace([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  for (const columns of allPermutations(9)) {
    count++;
    if (trace(columns) >= own - 1e-12) atLeast++;
  }
  const drawn = permutationTest(nine, { seed: 4, draws: 20_000 });
  expect(drawn.permutations).toBe(20_001);
  expect(Math.abs(drawn.above! - atLeast / count)).toBeLessThan(0.006);
  expect(permutationTest(nine, { seed: 4, draws: 20_000 })).toEqual(drawn);
  const clear = Array.from({ length: 12 }, (_, i) => Array.from({ length: 12 }, (_, j) => Number(i === j)));
  expect(permutationTest(clear, { draws: 999 }).above).toBe(1 / 1000);
});

test('reordering the seeds changes nothing', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), (seed, order) => {
      const table = square(5, seed);
      const found = permutationTest(table);
      const turned = permutationTest(order.map(i => order.map(j => table[i]![j]!)));
      expect(turned).toEqual({ ...found, difference: expect.closeTo(found.difference!, 12) });
    }),
    { numRuns: 30 },
  );
});

test('no table gives a smaller p than the smallest', () => {
  for (const n of [2, 3, 4, 5, 9]) {
    const identity = Array.from({ length: n }, (_, d) =>
      Array.from({ length: n }, (_, e) => Number(d === e) * (1 + d)),
    );
    const { p } = permutationTest(identity, { draws: 200 });
    expect(p).toBeCloseTo(smallestPermutationP(n, 200), 14);
  }
});
