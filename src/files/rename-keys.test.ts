import { expect, test } from 'vitest';
import { renameKeys } from './rename-keys.ts';

test('renames keys at any depth and keeps their places', () => {
  const old = { width: 1, tasks: { a: { width: 2, b: [{ width: 3 }] }, c: { width: 4 } } };
  const renamed = renameKeys(old, { 'tasks.*.width': 'hiddenSize', missing: 'x', 'width.deeper': 'y' });
  expect(JSON.stringify(renamed)).toBe(
    '{"width":1,"tasks":{"a":{"hiddenSize":2,"b":[{"width":3}]},"c":{"hiddenSize":4}}}',
  );
});

test.each([[null], ['width'], [3], [['width']]])('leaves %j alone', value => {
  expect(renameKeys(value, { width: 'hiddenSize', '*': 'x' })).toEqual(value);
});
