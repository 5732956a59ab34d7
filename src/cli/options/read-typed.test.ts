import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { UserError } from '../../error.ts';
import {
  listOf,
  nonEmptyText,
  nonNegativeNumber,
  numberBelowOne,
  oneOf,
  option,
  positiveNumber,
  wholeNumber,
} from '../../options.ts';
import { trainOptions } from '../../train/options.ts';
import { readTyped } from './read-typed.ts';

const read = (schema: z.ZodType, text: string) =>
  readTyped({ own: option(schema, { description: 'an option' }) }, { own: text }).own;

describe('numbers', () => {
  test.each([
    ['above 0', positiveNumber(), ['3e-3', '.5', '+2.'], ['0', '-1', '1e999', '1e-999', 'x', '', '0x10', '1,5']],
    ['from 0 on', nonNegativeNumber(), ['0', '0.0', '7'], ['-0.1', '1e999', 'NaN', 'Infinity']],
    ['below 1', numberBelowOne(), ['0', '.2', '0.999'], ['1', '1.5', '-0.2']],
    ['whole', wholeNumber(1, 9), ['1', '9'], ['0', '10', '1.5', 'all']],
  ] as const)('%s', (_, schema, good, bad) => {
    for (const text of good) expect(read(schema, text)).toBe(Number(text));
    for (const text of bad) expect(() => read(schema, text), text).toThrow(/^own .*: must be a /);
  });
});

test.each<[z.ZodType, string, unknown]>([
  [listOf(nonEmptyText()), ' a, b ,c d', ['a', 'b', 'c d']],
  [listOf(wholeNumber(0)), '1, 2 3', [1, 2, 3]],
  [z.array(wholeNumber(0)), '', []],
  [listOf(oneOf(['x', 'y'])).default(['x']), 'y', ['y']],
  [z.union([wholeNumber(1), z.literal('all')]), 'all', 'all'],
  [z.union([wholeNumber(1), z.literal('all')]), '12', 12],
  [z.union([positiveNumber(), z.record(z.string(), positiveNumber())]), '3e-3', 0.003],
  [z.union([positiveNumber(), z.record(z.string(), positiveNumber())]), 'sst2=3e-3, mr=.1', { sst2: 0.003, mr: 0.1 }],
  [trainOptions.momentum, '0.1', 0.1],
  [trainOptions.momentum, '.1,0.2', [0.1, 0.2]],
  [
    trainOptions.momentum,
    '.1,0.2;0,0.3',
    [
      [0.1, 0.2],
      [0, 0.3],
    ],
  ],
  [trainOptions.momentum, 'learned', 'learned'],
])('%#: %j is read', (schema, text, value) => {
  expect(read(schema.optional(), text)).toEqual(value);
});

test('a wrong value is refused with the text that was typed', () => {
  expect(() => read(z.union([wholeNumber(1), z.literal('all')], 'must be a number or all'), 'some')).toThrow(
    new UserError('must be a number or all', { option: 'own', value: 'some' }),
  );
  expect(() => read(listOf(oneOf(['left', 'right'])), 'left,rigth')).toThrow(
    'own left,rigth: unknown name "rigth"; did you mean right? (choose from left, right)',
  );
});

test('a former name gives the value of the new one', () => {
  const shape = { prefixText: option(nonEmptyText().optional(), { description: 'a text', formerly: 'memoryText' }) };
  expect(readTyped(shape, { memoryText: 'a' })).toEqual({ prefixText: 'a' });
  expect(readTyped(shape, { memoryText: 'a', prefixText: 'b' })).toEqual({ prefixText: 'b' });
});
