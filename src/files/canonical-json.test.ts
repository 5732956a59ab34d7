import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, firstDifference, type Json } from './canonical-json.ts';
import { prettyJson } from './pretty-json.ts';

const json = fc.jsonValue() as fc.Arbitrary<Json>;

test('keys are sorted at every depth, lists keep their order', () => {
  expect(canonicalJson({ b: [2, { d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[2,{"c":null,"d":1}]}');
});

test('both ways of writing keep the value', () => {
  fc.assert(
    fc.property(json, value => {
      const plain = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(plain);
      expect(JSON.parse(prettyJson(value))).toEqual(plain);
    }),
  );
});

test('lists of plain values stand on one line', () => {
  expect(prettyJson({ a: [1, null, 'x'], b: [[1], [2]], c: {} })).toBe(
    '{\n  "a": [1, null, "x"],\n  "b": [\n    [1],\n    [2]\n  ],\n  "c": {}\n}\n',
  );
});

test('the first difference is named by its path', () => {
  expect(firstDifference({ a: { b: 1, c: [1] } }, { a: { b: 1, c: [2] } })).toEqual({ path: 'a.c', a: [1], b: [2] });
  expect(firstDifference({ a: 1 }, { a: 1, b: 2 })).toEqual({ path: 'b', a: undefined, b: 2 });
  expect(firstDifference({ a: 1, b: [2] }, { b: [2], a: 1 })).toBeUndefined();
  expect(firstDifference([{ a: 1 }, { a: 2 }], [{ a: 1 }, { a: 3 }])).toEqual({ path: '1.a', a: 2, b: 3 });
  expect(firstDifference({ t: [{ a: 1 }] }, { t: [] })).toEqual({ path: 't', a: [{ a: 1 }], b: [] });
  expect(firstDifference({ toString: 1 }, {})).toEqual({ path: 'toString', a: 1, b: undefined });
});
