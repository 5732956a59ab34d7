import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scriptJson, visibleData, visibleText, visibleToken } from './visible-text.ts';

test('what a reader would not see is named, the rest stays', () => {
  expect(visibleText('a\u202eb\u0000 c\n\td é 漢 👍')).toBe('a⟨U+202E⟩b⟨U+0000⟩ c\n\td é 漢 👍');
  expect(visibleText('\ud800')).toBe('⟨U+D800⟩');
  expect(visibleToken('a\n')).toBe('a↵');
});

test('keys and values, at any depth', () => {
  expect(visibleData({ 'a\u200b': ['\u061c', 1, null, true] })).toEqual({ 'a⟨U+200B⟩': ['⟨U+061C⟩', 1, null, true] });
});

test('JSON for a script reads as what it was, and can end no script', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), data => {
      const text = scriptJson(data);
      expect(text).not.toMatch(/[<>\u2028\u202e]/);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(data)));
    }),
  );
  const text = scriptJson('</script><!--\u202e\u{e0001}');
  expect(text).toBe('"\\u003c/script\\u003e\\u003c!--\\u202e\\udb40\\udc01"');
  expect(JSON.parse(text)).toBe('</script><!--\u202e\u{e0001}');
});
