import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../error.ts';
import { asHubId, formatHubId, parseHubId } from './hub-id.ts';

test.each([
  ['org/name', 'org/name', 'main'],
  ['facebook/xglm-1.7B', 'facebook/xglm-1.7B', 'main'],
  ['a/b', 'a/b', 'main'],
  ['_a/b_c.d-e', '_a/b_c.d-e', 'main'],
  ['org/name@v1.0', 'org/name', 'v1.0'],
  ['org/name@refs/pr/12', 'org/name', 'refs/pr/12'],
  [`org/name@${'0a'.repeat(20)}`, 'org/name', '0a'.repeat(20)],
])('%s', (text, name, revision) => {
  expect(parseHubId(text)).toEqual({ name, revision });
  expect(formatHubId(parseHubId(text))).toBe(text);
});

test('the default revision is left out', () => {
  expect(formatHubId(parseHubId('org/name@main'))).toBe('org/name');
});

describe('is refused', () => {
  test.each([
    '',
    '/',
    'name',
    'a/b/c',
    '../../etc',
    '../name',
    'org/..',
    'org/.',
    'a/../../b',
    '/etc/passwd',
    'org//name',
    'org/name/',
    'C:\\name',
    'org\\name',
    'org/na\\me',
    'org/na\0me',
    'org/name\n',
    ' org/name',
    'org/na me',
    'org/-name',
    'org/name-',
    '.org/name',
    'org/name.',
    'org/na..me',
    'org/na--me',
    'org/name.git',
    'org/name.GIT',
    'оrg/name', // a Cyrillic o
    'org/ｎame',
    'org/na\u200bme',
    'org/name@',
    'org/name@..',
    'org/name@a/../b',
    'org/name@/a',
    'org/name@a/',
    'org/name@a//b',
    'org/name@a\\b',
    'org/name@a\0',
    'org/name@-a',
    'org/name@.a',
    'org/name@a@b',
    'org/name@CON',
    'org/name@refs/nul.txt',
    `org/${'n'.repeat(100)}`,
    `org/name@${'r'.repeat(300)}`,
    'x'.repeat(100_000),
  ])('%j', text => {
    expect(asHubId(text)).toBeUndefined();
    let error: unknown;
    try {
      parseHubId(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).option).toBe('model');
    expect((error as UserError).message).toContain('not a hub id');
    expect((error as UserError).message.length).toBeLessThan(400);
  });
});

test('whatever is read has one slash, plain letters and no way up', () => {
  const letter = fc.constantFrom('a', 'B', '0', '.', '-', '_', '/', '@', '\\', '\0', ' ', 'о', '..', '--');
  fc.assert(
    fc.property(fc.array(letter, { maxLength: 12 }), letters => {
      const id = asHubId(letters.join(''));
      if (id === undefined) return;
      expect(id.name).toMatch(/^[\w.-]+\/[\w.-]+$/);
      expect(`${id.name}/${id.revision}`.split('/')).not.toContain('..');
      expect(`${id.name}${id.revision}`).not.toMatch(/[^\x21-\x7e]|\\/);
    }),
    { numRuns: 2000 },
  );
});
