import fc from 'fast-check';
import { expect, test } from 'vitest';
import { predict, scoringOf } from './scoring.ts';

test('labels of one token: one row answers for all', () => {
  const { labels, rows, scores } = scoringOf([[7], [9]], 'prompt-end');
  expect(labels).toEqual([7, 9]);
  expect(rows([1, 2, 3])).toEqual([{ tokens: [1, 2, 3], tap: 2, reads: [2] }]);
  expect(scores([[[-1, -2]]])).toEqual([-1, -2]);
});

test('observed at the label: the word of class 0 is fed, read before it', () => {
  expect(scoringOf([[7], [9]], 'label').rows([1, 2, 3])).toEqual([{ tokens: [1, 2, 3, 7], tap: 3, reads: [2] }]);
});

test('longer labels: a row for each, the mean over its tokens', () => {
  const { labels, rows, scores } = scoringOf([[7, 8], [9], [7, 7, 9]], 'prompt-end');
  expect(labels).toEqual([7, 8, 9]);
  expect(rows([1, 2])).toEqual([
    { tokens: [1, 2, 7], tap: 1, reads: [1, 2] },
    { tokens: [1, 2], tap: 1, reads: [1] },
    { tokens: [1, 2, 7, 7], tap: 1, reads: [1, 2, 3] },
  ]);
  const read = (seven: number, eight: number, nine: number) => [seven, eight, nine];
  expect(
    scores([
      [read(-1, -10, -20), read(-30, -3, -40)],
      [read(-1, -10, -5)],
      [read(-1, -10, -20), read(-2, -10, -20), read(-10, -10, -6)],
    ]),
  ).toEqual([-2, -5, -3]);
});

test('longer labels observed at the label: the whole word of class 0', () => {
  const [first, second] = scoringOf([[7, 8], [9]], 'label').rows([1, 2]);
  expect(first).toEqual({ tokens: [1, 2, 7, 8], tap: 3, reads: [1, 2] });
  expect(second).toEqual({ tokens: [1, 2], tap: 1, reads: [1] });
});

test('the highest score wins, of equal ones the lowest label', () => {
  expect(predict([-3, -1, -1, -2])).toBe(1);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 0 }), { minLength: 1 }), scores => {
      expect(predict(scores)).toBe(scores.indexOf(Math.max(...scores)));
    }),
  );
});
