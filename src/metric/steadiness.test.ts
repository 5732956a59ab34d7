import { expect, test } from 'vitest';
import { cosinesOfNudge, steadiness } from './steadiness.ts';

/** Two layers of two numbers. */
const outputs = (...rows: number[][]) => rows.map(row => Float32Array.from(row));
const zeroShot = outputs([1, 0, 1, 0], [1, 0, 1, 0]);

interface Answered {
  readonly labels: readonly number[];
  readonly attentionOutputs: readonly Float32Array[];
}

const compare = (plain: Answered, nudged: Answered) =>
  steadiness(
    zeroShot.map((base, row) => ({
      cosines: cosinesOfNudge(
        { plain: plain.attentionOutputs[row]!, nudged: nudged.attentionOutputs[row]!, zeroShot: base },
        2,
      ),
      moved: plain.labels[row] !== nudged.labels[row],
    })),
  );

test('averages the cosine of the updates over rows and layers, and counts changed answers', () => {
  const plain = { labels: [0, 1], attentionOutputs: outputs([2, 0, 1, 1], [2, 0, 1, 1]) };
  // Updates (1,0),(0,1) | (1,0),(0,1) against (0,1),(0,1) | (1,0),(0,-1): cosines 0, 1, 1, -1.
  const nudged = { labels: [0, 0], attentionOutputs: outputs([1, 1, 1, 1], [2, 0, 1, -1]) };
  expect(compare(plain, nudged)).toEqual({ cosine: 0.25, moved: 0.5, pass: false });
  expect(compare(plain, plain)).toEqual({ cosine: 1, moved: 0, pass: true });
});

test('passes only within both bounds', () => {
  const same = outputs([2, 0, 1, 1], [2, 0, 1, 1]);
  const plain = { labels: [0, 1], attentionOutputs: same };
  expect(compare(plain, { labels: [1, 1], attentionOutputs: same }).pass).toBe(false);
  const turned = (angle: number) => outputs(...same.map(() => [1 + Math.cos(angle), Math.sin(angle), 1, 1]));
  // The mean of cos(angle) and 1.
  expect(compare(plain, { labels: [0, 1], attentionOutputs: turned(Math.acos(0.981)) }).pass).toBe(true);
  expect(compare(plain, { labels: [0, 1], attentionOutputs: turned(Math.acos(0.979)) }).pass).toBe(false);
});

test('leaves out updates that are rounding, and does not pass if none remains', () => {
  const unchanged = { labels: [0, 1], attentionOutputs: zeroShot };
  expect(compare(unchanged, unchanged)).toEqual({
    cosine: null,
    moved: 0,
    pass: false,
    why: 'every update of the attention output is rounding',
  });
  const oneLayer = { labels: [0, 1], attentionOutputs: outputs([1, 0, 1, 1], [1, 0, 1, 0]) };
  expect(compare(oneLayer, oneLayer)).toEqual({ cosine: 1, moved: 0, pass: true });
});
