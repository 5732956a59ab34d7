import { expect, test } from 'vitest';
import { UserError } from './error.ts';

test('a message is one line, and no control character of a damaged file reaches the terminal', () => {
  expect(new UserError('tensor a\nb\r\u001b[2J\u0000\u0085\u2028 is gone').message).toBe(
    'tensor a\\nb\\r\\u001b[2J\\u0000\\u0085\\u2028 is gone',
  );
  expect(new UserError('naïve — 文 🙂').message).toBe('naïve — 文 🙂');
});
