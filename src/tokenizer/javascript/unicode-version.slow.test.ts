import { expect, test } from 'vitest';
import { differentlyNormalized, differingCharacters, NORMAL_FORMS } from '../../../test/reference/unicode-classes.ts';
import { versionDependent } from './unicode-version.ts';

// The other classes that the patterns of splittings name; javascript-encoder.test.ts compares white space.
test.each(['Cn', 'Lu', 'Ll', 'Lt', 'Lm', 'Lo', 'M', 'P', 'S', 'Han'])(
  'the class %s of every other character is that of the Rust library',
  name => {
    expect(differingCharacters(name).filter(character => versionDependent(character, false) === undefined)).toEqual([]);
  },
);

test.each(NORMAL_FORMS)('%s of every other character is that of the Rust library', form => {
  const characters = Array.from(differentlyNormalized(form), code => String.fromCodePoint(code));
  expect(characters.filter(character => versionDependent(character, true) === undefined)).toEqual([]);
});
