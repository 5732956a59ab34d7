import { expect, test } from 'vitest';
import { runTheory } from '../../src/study/dual-form/run-theory.ts';
import { scratch } from '../run/tiny.ts';

test('all chapters with the embedded model: every check holds, and a second run gives the same bytes', async () => {
  const { chapters, passed } = await runTheory({ out: scratch() });
  expect(chapters.flatMap(({ checks }) => checks.filter(check => !check.passed))).toEqual([]);
  expect(passed).toBe(true);
  const again = await runTheory({ out: scratch(), chapters: ['2', '4'] });
  expect(again.chapters).toEqual([chapters[1], chapters[3]]);
});
