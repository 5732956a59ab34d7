import { expect, test } from 'vitest';
import { defined, gathered } from './gathered.ts';

test('means over queries, then over heads, without undefined values', () => {
  const all = gathered<{ readonly a: number | null }>(2, 2);
  for (const a of [1, 3]) all.add(0, 0, { a });
  all.add(0, 1, { a: null });
  all.add(1, 0, { a: 5 });
  all.add(1, 1, { a: 7 });
  expect(all.each('a')).toEqual([2, null, 5, 7]);
  expect(all.layers('a')).toEqual([2, 6]);
  expect(all.layer(1, 'a')).toBe(6);
  expect(defined([null, null])).toBeNull();
});
