import { describe, expect, test } from 'vitest';
import { UserError } from '../../error.ts';
import { schema as momentumSchema } from '../momentum/action.ts';
import { schema as trainSchema } from '../train/action.ts';
import { numberBelowOne, numberFromZero, positiveNumber, readOptions } from './option-values.ts';

describe('numbers', () => {
  test.each([
    ['above 0', positiveNumber(), ['3e-3', '.5', '+2.'], ['0', '-1', '1e999', '1e-999', 'x', '', '0x10', '1,5']],
    ['from 0 on', numberFromZero(), ['0', '0.0', '7'], ['-0.1', '1e999', 'NaN', 'Infinity']],
    ['below 1', numberBelowOne(), ['0', '.2', '0.999'], ['1', '1.5', '-0.2']],
  ] as const)('%s', (_, schema, good, bad) => {
    for (const text of good) expect(schema.parse(text)).toBe(Number(text));
    for (const text of bad) expect(schema.safeParse(text).success, text).toBe(false);
  });

  test('what may be 0 can be typed as 0', () => {
    expect(readOptions(trainSchema, { preset: 'tiny', seed: '1', beta1: '0' })).toMatchObject({ beta1: 0 });
    expect(readOptions(momentumSchema, { preset: 'tiny', noise: '0' })).toMatchObject({ noise: 0 });
    expect(() => readOptions(trainSchema, { preset: 'tiny', seed: '1', beta2: '1' })).toThrow(
      new UserError('--beta2 "1": must be a number from 0 to below 1, as in 0.2', { exitCode: 2 }),
    );
  });
});
