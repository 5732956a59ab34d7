import { expect, test } from 'vitest';
import { differingCharacters } from '../../../test/reference/unicode-classes.ts';
import { versionDependent } from './unicode-version.ts';

test.each(['L', 'N'])('the class %s of every other character is that of the Rust library', name => {
  expect(differingCharacters(name).filter(character => versionDependent(character, false) === undefined)).toEqual([]);
});

test('letters of Unicode 17 are refused, older characters are not', () => {
  for (const letter of ['\u{323b0}', '\u{11db0}', 'ʕ']) expect(versionDependent(`a${letter}`, false)).toBe(letter);
  expect(versionDependent('plain text, é 日本 🙂 \u0378 \u{40000}', true)).toBeUndefined();
});

test.each([
  ['a letter that NFKC changes since Unicode 15', '\u{1e030}'],
  ['a mark of Unicode 14', '\u089a'],
  ['a letter that is composed since Unicode 16', '\u{105d2}'],
])('%s is refused where texts are normalized', (_, character) => {
  expect(versionDependent(`a${character}\u0307`, true)).toBe(character);
  expect(versionDependent(`a${character}\u0307`, false)).toBeUndefined();
});
