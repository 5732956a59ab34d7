import { expect, test } from 'vitest';
import { parseShallowJson } from './shallow-json.ts';

const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;

test('a text is what JSON.parse makes of it, whatever its strings hold', () => {
  const text = `{"[[[[\\"{": "${'['.repeat(500)}\\\\", "list": [${Array(300).fill('[]').join(',')}]}`;
  expect(parseShallowJson(text)).toEqual(JSON.parse(text));
  expect(parseShallowJson(nested(128))).toEqual(JSON.parse(nested(128)));
});

test('a text that is nested so deep that it could not be written again is refused', () => {
  for (const depth of [130, 20_000]) expect(() => parseShallowJson(nested(depth))).toThrow('nested deeper than 128');
  expect(() => parseShallowJson('{"a":')).toThrow(SyntaxError);
});
