import fc from 'fast-check';
import { expect, test } from 'vitest';
import { meanWithInterval, pairedT } from './paired-t.ts';
import { fillNormal, randomStream } from './random.ts';

const count = Array.from({ length: 12 }, (_, i) => i);

// scipy 1.17: r = stats.ttest_rel(a, b); r.pvalue, r.confidence_interval(confidence)
test.each([
  {
    a: [17.55, 17.61, 17.8, 17.2, 17.9],
    b: [17.61, 17.7, 17.75, 17.4, 18],
    ...{ p: 0.11694451522831784, low: -0.19140431925964363, high: 0.03140431925964422 },
    narrow: [-0.1655399372211467, 0.005539937221147248],
  },
  {
    a: [0.1, 0.9],
    b: [0.2, 0.4],
    ...{ p: 0.6256659163780025, low: -3.6118614208524087, high: 4.011861420852409 },
    narrow: [-1.6941254544025137, 2.094125454402511],
  },
  {
    a: count,
    b: count.map(x => (x * x) / 10),
    ...{ p: 0.002767279156573331, low: 0.5469255211572499, high: 2.0197411455094167 },
    narrow: [0.6824643978031073, 1.8842022688635593],
  },
])('pairedT($a, $b)', ({ a, b, p, low, high, narrow }) => {
  const found = pairedT(a, b)!;
  expect(found.p).toBeCloseTo(p, 12);
  expect([found.low!, found.high!]).toBeAllClose([low, high], 1e-12);
  const ninety = pairedT(a, b, 0.9)!;
  expect([ninety.low!, ninety.high!]).toBeAllClose(narrow, 1e-12);
});

const nothing = { low: null, high: null };

test('is null for one pair, and refuses unequal lengths', () => {
  expect(pairedT([1], [2])).toBeNull();
  expect(meanWithInterval([3])).toBeNull();
  expect(() => pairedT([1, 2], [1])).toThrow(RangeError);
});

test('has neither interval nor p without spread, and says why', () => {
  const why = 'all 3 differences are the same';
  expect(pairedT([1, 2, 7], [1, 2, 7])).toEqual({ difference: 0, ...nothing, p: null, n: 3, why });
  expect(pairedT([0.75, 1.75, 2.75], [0.5, 1.5, 2.5])).toEqual({ difference: 0.25, ...nothing, p: null, n: 3, why });
  const mean = { mean: 0.13, error: 0, ...nothing, why: 'all 3 values are the same' };
  expect(meanWithInterval([0.13, 0.13, 0.13])).toEqual(mean);
  expect(meanWithInterval([0.13, 0.12 + 0.01, 0.13])).toEqual(mean);
});

test('differences equal up to float64 rounding have no spread', () => {
  // One row of a hundred more in each: 0.58 - 0.57 and 0.29 - 0.28 part in the last bits.
  const [a, b] = [
    [0.58, 0.29, 0.03],
    [0.57, 0.28, 0.02],
  ];
  expect(new Set(a.map((x, i) => x - b[i]!)).size).toBeGreaterThan(1);
  expect(pairedT(a, b)).toMatchObject({ ...nothing, p: null });
  // Far above rounding, a test as any other.
  expect(pairedT([1, 2, 3 + 1e-12], [1, 2, 3])!.p).toBeCloseTo(0.42264973, 4);
});

test('p is above 0 however large the difference', () => {
  const far = Array.from({ length: 200 }, (_, i) => 5 + (i % 2) / 100);
  const { p } = pairedT(far, new Float64Array(200))!;
  expect(p).toBeGreaterThan(0);
  expect(p).toBeLessThan(1e-100);
});

test('swapping the pairs negates the difference; shifting both changes nothing', () => {
  const value = fc.double({ min: -100, max: 100, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 12 }), value, (pairs, shift) => {
      const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
      const there = pairedT(a, b)!;
      const back = pairedT(b, a)!;
      if (there.low === null || there.p === null) {
        expect(back).toEqual({ ...there, difference: expect.closeTo(0 - there.difference, 9) });
        return;
      }
      expect([back.difference, back.low!, back.high!]).toBeAllClose(
        [-there.difference, -there.high!, -there.low],
        1e-9,
      );
      expect(back.p!).toBeCloseTo(there.p, 9);
      const moved = pairedT(
        a.map(x => x + shift),
        b.map(x => x + shift),
      )!;
      // Spread so small that the shift takes it under rounding.
      if (moved.low === null) return;
      expect([moved.low, moved.high!]).toBeAllClose([there.low, there.high!], 1e-6);
      // The interval leaves 0 out exactly where p falls below 5 %.
      if (Math.abs(there.p - 0.05) > 1e-9) expect(there.low > 0 || there.high! < 0).toBe(there.p < 0.05);
    }),
  );
});

test('five pairs of normal numbers: the interval covers the true value in about 95 of 100 samples', () => {
  const truth = 0.3;
  let held = 0;
  const samples = 4000;
  for (let sample = 0; sample < samples; sample++) {
    const noise = fillNormal(randomStream(7, sample), new Float64Array(5));
    const { low, high } = pairedT(
      noise.map(x => x + truth),
      new Float64Array(5),
    )!;
    if (low! <= truth && truth <= high!) held++;
  }
  // Standard deviation 0.0034.
  expect(Math.abs(held / samples - 0.95)).toBeLessThan(0.0125);
});
