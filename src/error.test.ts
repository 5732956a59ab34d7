import { expect, test } from 'vitest';
import { UserError } from './error.ts';

test('a message is one line, and no control character of a damaged file reaches the terminal', () => {
  expect(new UserError('tensor a\nb\r\u001b[2J\u0000\u0085\u2028 is gone').message).toBe(
    'tensor a\\nb\\r\\u001b[2J\\u0000\\u0085\\u2028 is gone',
  );
  expect(new UserError('naïve — 文 🙂').message).toBe('naïve — 文 🙂');
});

test('the message names option and value, and says what to do', () => {
  const at = (value: unknown) =>
    new UserError('is wrong', { option: 'learningRate', value, remedy: 'give another' }).message;
  expect(at(0)).toBe('learningRate 0: is wrong; give another');
  expect(at(undefined)).toBe('learningRate: is wrong; give another');
  expect(at('')).toBe('learningRate "": is wrong; give another');
  expect(at('two words')).toBe('learningRate "two words": is wrong; give another');
  expect(at([1, 2])).toBe('learningRate 1,2: is wrong; give another');
  expect(at([])).toBe('learningRate "": is wrong; give another');
  expect(at([[1], [2, 3]])).toBe('learningRate "1;2,3": is wrong; give another');
});
