import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addProducts } from './vectors.ts';

/** The plain definition: sums[d * m + e] += <u_d, v_e>. */
function plainProducts(sums: Float64Array, u: Float64Array, v: Float64Array, D: number): Float64Array {
  const m = v.length / D;
  return sums.map((sum, at) => {
    const [d, e] = [Math.floor(at / m), at % m];
    return Array.from({ length: D }, (_, k) => u[d * D + k]! * v[e * D + k]!).reduce((a, b) => a + b, sum);
  });
}

// Whole numbers, so that the order of sums does not matter.
const vectors = (n: number, D: number) =>
  fc.array(fc.integer({ min: -99, max: 99 }), { minLength: n * D, maxLength: n * D }).map(x => Float64Array.from(x));
const sizes = fc.record({
  n: fc.integer({ min: 1, max: 7 }),
  m: fc.integer({ min: 1, max: 10 }),
  D: fc.integer({ min: 1, max: 9 }),
});

test('inner products of all pairs are those of the definition, for any numbers of vectors', () => {
  const cases = sizes.chain(({ n, m, D }) => fc.tuple(vectors(n, D), vectors(m, D), fc.constant(D)));
  fc.assert(
    fc.property(cases, ([u, v, D]) => {
      const sums = new Float64Array((u.length / D) * (v.length / D)).fill(3);
      const expected = plainProducts(sums, u, v, D);
      addProducts(sums, u, v, D);
      expect(sums).toEqual(expected);
    }),
  );
});

test('the same of vectors with themselves', () => {
  const cases = sizes.chain(({ n, D }) => fc.tuple(vectors(n, D), fc.constant(D)));
  fc.assert(
    fc.property(cases, ([u, D]) => {
      const sums = new Float64Array((u.length / D) ** 2);
      addProducts(sums, u, u, D);
      expect(sums).toEqual(plainProducts(new Float64Array(sums.length), u, u, D));
    }),
  );
});
