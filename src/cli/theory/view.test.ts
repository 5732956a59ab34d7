import { expect, test } from 'vitest';
import { formatTheory } from './view.ts';

test('findings that are undefined say why below the table, which stays narrow', () => {
  const why = 'the feed-forward of this model does not read what its attention leaves';
  const findings = [
    { what: 'size', value: 0.123456 },
    { what: 'rank', value: null, why },
  ];
  const chapter = { chapter: '4', title: 'A title', checks: [], findings };
  const text = formatTheory({ chapters: [chapter] } as unknown as Parameters<typeof formatTheory>[0]);
  expect(text).toMatch(/^size +0.1235$/m);
  expect(text).toMatch(/^rank +undefined$/m);
  expect(text).toContain(`\n\nUndefined: rank (${why}).`);
  const table = text.split('\n').filter(line => /^(?:finding|size|rank)/.test(line));
  expect(Math.max(...table.map(line => line.length))).toBeLessThan(120);
});
