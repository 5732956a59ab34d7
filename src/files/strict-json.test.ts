import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isJsonMap, parseStrictJson, type StrictJson, wholeNumber } from './strict-json.ts';

function plain(value: StrictJson): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  return value !== null && typeof value === 'object' && 'text' in value ? Number(value.text) : value;
}

describe('parseStrictJson', () => {
  test('agrees with JSON.parse on every valid document', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), text => {
        expect(plain(parseStrictJson(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('accepts nothing that JSON.parse refuses', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0123eE+-. \ntruefalsn'), maxLength: 30 });
    fc.assert(
      fc.property(noise, text => {
        try {
          parseStrictJson(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
          return;
        }
        expect(() => JSON.parse(text)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['{"a":1,"a":1}', 'the key "a" appears twice'],
    ['{"a":1,"\\u0061":1}', 'the key "a" appears twice'],
    ['"\\ud800"', 'unpaired surrogate'],
    ['"\\x"', 'unknown escape'],
    ['"a\nb"', 'control character'],
    ['"abc', 'does not end'],
    ['"abc\\', 'does not end'],
    ['[1,]', 'a value is expected'],
    ['01', 'a value is expected'],
    ['NaN', 'a value is expected'],
    ['{"a" 1}', '":" is expected'],
    ['[1 2]', '"," or "]" is expected'],
    ['{} {}', 'follows the end'],
    ['', 'a value is expected'],
  ])('refuses %s', (text, message) => {
    expect(() => parseStrictJson(text)).toThrow(message);
  });

  test('a depth bomb is an error, not an exhausted stack', () => {
    expect(() => parseStrictJson('['.repeat(1_000_000))).toThrow('nested deeper');
    expect(() => parseStrictJson('{"a":'.repeat(1_000_000))).toThrow('nested deeper');
  });

  test('__proto__ and constructor are ordinary keys', () => {
    const parsed = parseStrictJson('{"__proto__":"a","constructor":"b"}');
    expect(isJsonMap(parsed) && [...parsed]).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  test('megabytes of blanks, digits or an open string are quick', () => {
    const start = performance.now();
    parseStrictJson(`${' '.repeat(10_000_000)}1`);
    expect(() => parseStrictJson('1'.repeat(10_000_000))).toThrow();
    expect(() => parseStrictJson(`"${'a'.repeat(10_000_000)}`)).toThrow('does not end');
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('wholeNumber', () => {
  test.each([
    ['0', 0],
    ['9007199254740991', 2 ** 53 - 1],
    ['9007199254740992', undefined],
    ['18446744073709551616', undefined],
    ['1e3', undefined],
    ['1.0', undefined],
    ['-0', undefined],
    ['-1', undefined],
    ['"1"', undefined],
    ['null', undefined],
    ['[1]', undefined],
  ])('%s gives %s', (text, expected) => {
    expect(wholeNumber(parseStrictJson(text))).toBe(expected);
  });
});
