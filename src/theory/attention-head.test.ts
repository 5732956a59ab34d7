import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkAttentionHead, finetuningUpdate, mapOf, project, softmaxAttention } from './attention-head.ts';
import { drawFrom } from './draw.ts';
import { linearAttention } from './linear-layer.ts';
import { largestDifference, matrix, row, stack, sum, times } from './matrix.ts';

const vec = (...entries: number[]) => Float64Array.from(entries);

test('maps of two groups of tokens add up to linear attention over both, for all shapes', () => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.nat(9),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 6 }),
      (seed, P, T, dh) => {
        const draw = drawFrom(seed);
        const tokens = (count: number) => ({ keys: draw.matrix(count, dh), values: draw.matrix(count, dh) });
        const [demonstrations, own, query] = [tokens(P), tokens(T), draw.vector(dh)];
        const rows = (pick: 'keys' | 'values') =>
          [demonstrations, own].flatMap(group =>
            Array.from({ length: group[pick].rows }, (_, i) => row(group[pick], i)),
          );
        const attended = linearAttention(rows('values'), rows('keys'), query);
        expect(largestDifference(times(sum(mapOf(own), mapOf(demonstrations)), query), attended)).toBeLessThan(1e-10);
      },
    ),
    { numRuns: 60 },
  );
});

test('a map by hand: v k^T', () => {
  expect(mapOf({ keys: stack([vec(1, 2)]), values: stack([vec(3, 4)]) }).data).toEqual(vec(3, 6, 4, 8));
});

test('softmax attention by hand: equal scores give the mean; a much larger score takes all the weight', () => {
  const values = stack([vec(2, 0), vec(0, 4)]);
  expect(softmaxAttention({ keys: matrix(2, 2), values }, vec(1, 1), 1)).toEqual(vec(1, 2));
  const keys = stack([vec(1000, 0), vec(0, 0)]);
  expect(softmaxAttention({ keys, values }, vec(1, 0), 1)).toEqual(vec(2, 0));
});

test('unchanged projections give no update', () => {
  const draw = drawFrom(1);
  const left = project({ key: draw.matrix(3, 4), value: draw.matrix(3, 4) }, draw.matrix(5, 4));
  expect(finetuningUpdate(left, left).data).toEqual(new Float64Array(9));
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('the checks hold with seed %i', seed => {
  for (const { claim, passed } of checkAttentionHead(seed)) expect(passed, claim).toBe(true);
});
