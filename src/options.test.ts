import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { UserError } from './error.ts';
import { checkOptions, inGroup, oneOf, option, textOf, wholeNumber } from './options.ts';

const shape = {
  shots: option(wholeNumber(1).default(4), { description: 'demonstrations' }),
  side: option(oneOf(['left', 'right']).optional(), { description: 'a side', placeholder: 'side' }),
};

test('defaults are filled in, and the first wrong option is named with value and remedy', () => {
  expect(checkOptions(shape, {})).toEqual({ shots: 4 });
  expect(checkOptions(shape, { shots: 2, side: 'left' })).toEqual({ shots: 2, side: 'left' });
  expect(() => checkOptions(shape, { shots: 0 })).toThrow(
    new UserError('must be a whole number, at least 1', { option: 'shots', value: 0 }),
  );
  expect(() => checkOptions(shape, { sots: 1 })).toThrow('sots: unknown option; did you mean shots?');
  const required = { name: option(z.string(), { description: 'a name' }) };
  expect(() => checkOptions(required, {})).toThrow('name: is required');
});

test('a group is added to the text, and the options of others keep theirs', () => {
  const grouped = inGroup('Sides', { side: shape.side });
  expect(textOf(grouped.side)).toEqual({ description: 'a side', placeholder: 'side', group: 'Sides' });
  expect(textOf(shape.side)).toEqual({ description: 'a side', placeholder: 'side' });
  expect(checkOptions(grouped, { side: 'right' })).toEqual({ side: 'right' });
});

test('the excerpts of docs/options.md are lines of the code', () => {
  const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
  const page = readFileSync(new URL('../docs/options.md', import.meta.url), 'utf8');
  const excerpts = [...page.matchAll(/^```diff\n([\s\S]*?)^```$/gm)].map(([, text]) =>
    text!
      .split('\n')
      .filter(line => line.startsWith('+'))
      .map(line => line.slice(1))
      .join(' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
  const code = ['./run/options.ts', './run/prepare.ts', './train/options.ts'];
  expect(excerpts).toHaveLength(code.length);
  for (const [i, file] of code.entries()) expect(read(file)).toContain(excerpts[i]);
});
