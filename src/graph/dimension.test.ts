import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Dimension, dimension, namesIn, plus, product, sizeOf, termsOf, times } from './dimension.ts';

const leaf = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom<Dimension>('B', 'T', 'P'));
const anyDimension: fc.Arbitrary<Dimension> = fc
  .array(fc.array(leaf, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
  .map(terms => terms.map(product).reduce(plus));
const bindings = { B: 3, T: 5, P: 7 };

describe('dimension', () => {
  test('has one way to be written', () => {
    expect(dimension('T*B')).toBe('B*T');
    expect(dimension('T+P+T')).toBe('P+2*T');
    expect(dimension('6')).toBe(6);
    expect(times(0, 'T')).toBe(0);
    expect(() => dimension('T-1')).toThrow("dimension 'T-1'");
  });
  test('sums and products of dimensions have the sums and products of their sizes', () => {
    fc.assert(
      fc.property(anyDimension, anyDimension, (a, b) => {
        expect(sizeOf(plus(a, b), bindings)).toBe(sizeOf(a, bindings) + sizeOf(b, bindings));
        expect(sizeOf(times(a, b), bindings)).toBe(sizeOf(a, bindings) * sizeOf(b, bindings));
        expect(plus(a, b)).toBe(plus(b, a));
        expect(times(a, b)).toBe(times(b, a));
      }),
    );
  });
  test('tells its terms and names', () => {
    expect(termsOf('P+2*T')).toEqual([['P'], [2, 'T']]);
    expect(namesIn('B*T+P')).toEqual(['B', 'T', 'P']);
    expect(() => sizeOf('B', {})).toThrow("'B' has no size");
  });
});
