import { expect, test } from 'vitest';
import { differingCharacters } from '../../../test/reference/unicode-classes.ts';
import { VERSION_DEPENDENT } from './unicode-version.ts';

test.each(['L', 'N'])('the class %s of every other character is that of the Rust library', name => {
  expect(differingCharacters(name).filter(character => !VERSION_DEPENDENT.test(character))).toEqual([]);
});

test('letters of Unicode 17 are refused, older characters are not', () => {
  expect(['\u{323b0}', '\u{11db0}', 'ʕ'].map(text => VERSION_DEPENDENT.test(text))).toEqual([true, true, true]);
  expect(VERSION_DEPENDENT.test('plain text, é 日本 🙂 \u0378 \u{40000}')).toBe(false);
});
