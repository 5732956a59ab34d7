import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../error.ts';
import { parseTemplate } from './template.ts';

describe('parseTemplate', () => {
  test('puts fields in as they are, more than once, and knows doubled braces', () => {
    const template = parseTemplate('{a} {{x}} {b}{a}?', 't');
    expect(template.fields).toEqual(['a', 'b']);
    expect(template.render({ a: '{b} ', b: '$&' })).toBe('{b}  {x} $&{b} ?');
  });

  test('renders any text between any literals', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (before, field, after) => {
        const doubled = (text: string) => text.replaceAll('{', '{{').replaceAll('}', '}}');
        const template = parseTemplate(`${doubled(before)}{f}${doubled(after)}`, 't');
        expect(template.render({ f: field })).toBe(before + field + after);
      }),
    );
  });

  test.each([
    ['{text', /"{" has no partner/],
    ['{text} }', /"}" has no partner/],
    ['no field', /no field to put in/],
    ['{text} {label}', /would show the answer/],
  ])('refuses %s', (text, message) => {
    expect(() => parseTemplate(text, 'F.task.json: template')).toThrow(message);
    expect(() => parseTemplate(text, 'F.task.json: template')).toThrow(UserError);
  });
});
