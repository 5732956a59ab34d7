import { expect, test } from 'vitest';
import { differingCharacters } from '../../../test/reference/unicode-classes.ts';
import { VERSION_DEPENDENT } from './unicode-version.ts';

// The other classes that the patterns of splittings name; javascript-encoder.test.ts compares white space.
test.each(['Cn', 'Lu', 'Ll', 'Lt', 'Lm', 'Lo', 'M', 'P', 'S', 'Han'])(
  'the class %s of every other character is that of the Rust library',
  name => {
    expect(differingCharacters(name).filter(character => !VERSION_DEPENDENT.test(character))).toEqual([]);
  },
);
