import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assertSameDemonstrations, type Fed } from './same-demonstrations.ts';

const START = 0;
const fed = (bodies: readonly (readonly number[])[], separator: readonly number[]): Fed => ({
  prefixTokens: [START, ...bodies.flatMap(body => [...body, ...separator])],
  finetuning: bodies.map(body => [START, ...body]),
  bos: START,
  separator,
});
const bodies = fc.array(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }), { maxLength: 5 });
const separators = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 2 });

describe('assertSameDemonstrations', () => {
  test('accepts the same demonstrations under any separator, also one that occurs in them', () => {
    fc.assert(
      fc.property(bodies, separators, (demonstrations, separator) => {
        expect(() => assertSameDemonstrations(fed(demonstrations, separator))).not.toThrow();
      }),
    );
  });

  test('refuses when any one token of either side is changed, dropped or added', () => {
    fc.assert(
      fc.property(
        bodies,
        separators,
        fc.nat(),
        fc.constantFrom('change', 'drop', 'add'),
        (texts, separator, at, how) => {
          const good = fed(texts, separator);
          const sequences = [good.prefixTokens, ...good.finetuning].map(sequence => [...sequence]);
          const victim = sequences[at % sequences.length]!;
          const place = at % victim.length;
          const extra = how === 'drop' ? [] : [how === 'change' ? victim[place]! + 100 : 100];
          victim.splice(place, how === 'add' ? 0 : 1, ...extra);
          const [prefixTokens, ...finetuning] = sequences;
          expect(() => assertSameDemonstrations({ ...good, prefixTokens: prefixTokens!, finetuning })).toThrow(
            /do not see the same demonstrations/,
          );
        },
      ),
    );
  });

  const good = fed([[7, 8], [9]], [5]);
  test.each<[string, Partial<Fed>, RegExp]>([
    [
      'a changed token',
      {
        finetuning: [
          [0, 7, 4],
          [0, 9],
        ],
      },
      /token 2 of demonstration 1 of 2 is 8 in context and 4/,
    ],
    [
      'another order',
      {
        finetuning: [
          [0, 9],
          [0, 7, 8],
        ],
      },
      /token 1 of demonstration 1 of 2 is 7 in context and 9/,
    ],
    ['fewer for finetuning', { finetuning: [[0, 7, 8]] }, /continues for 2 tokens after the 1/],
    ['fewer in context', { prefixTokens: [0, 7, 8, 5] }, /token 1 of demonstration 2 of 2 is nothing in context and 9/],
    ['no separator at the end', { prefixTokens: [0, 7, 8, 5, 9] }, /followed by nothing in context/],
    ['another separator', { separator: [6] }, /demonstration 1 of 2 is followed by 5 in context, not .* 6/],
    ['no BOS in context', { prefixTokens: [7, 8, 5, 9, 5] }, /prefix begins with 7/],
    ['no BOS in finetuning', { finetuning: [[0, 7, 8], [9]] }, /demonstration 2 of 2 begins with 9/],
  ])('names %s', (_, change, message) => {
    expect(() => assertSameDemonstrations({ ...good, ...change })).toThrow(message);
  });
});
