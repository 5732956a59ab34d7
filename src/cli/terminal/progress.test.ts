import { describe, expect, test } from 'vitest';
import { formatProgress, showProgress } from './progress.ts';

describe('a line of progress', () => {
  const event = { stage: 'evaluation', done: 60, total: 200, unit: 'examples' };
  test('has stage, done/total, rate and time left', () => {
    expect(formatProgress(event, 10, 0)).toBe('evaluation  60/200 examples  6.0/s  0:23 left');
  });
  test('counts the rate from where a resumed run began', () => {
    expect(formatProgress(event, 10, 40)).toBe('evaluation  60/200 examples  2.0/s  1:10 left');
  });
  test('has no rate before anything is done', () => {
    expect(formatProgress({ ...event, done: 0 }, 5, 0)).toBe('evaluation  0/200 examples');
    expect(formatProgress(event, 0, 0)).toBe('evaluation  60/200 examples');
  });
  test('ends with what it was told beside', () => {
    const detail = 'loss 4.2';
    expect(formatProgress({ ...event, detail }, 10, 0)).toMatch(/0:23 left {2}loss 4.2$/);
  });
  test('shows bytes as such, and how long it took at the end', () => {
    const bytes = { stage: 'unpacking', done: 2e6, total: 2e6, unit: 'bytes' };
    expect(formatProgress(bytes, 4, 0)).toBe('unpacking  2.0 MB/2.0 MB  500 kB/s  took 0:04');
  });
});

function screen(isTTY: boolean, columns = 80) {
  let text = '';
  let time = 0;
  const progress = showProgress({ isTTY, columns, write: more => (text += more) }, () => time);
  const report = (stage: string, done: number, total: number, seconds: number) => {
    time = seconds * 1000;
    progress.report({ stage, done, total, unit: 'steps' });
  };
  return { ...progress, report, text: () => text };
}

test('plain lines come at most every three seconds', () => {
  const { report, text } = screen(false);
  for (let i = 0; i <= 100; i++) report(i < 50 ? 'one' : 'two', i % 50, 50, i / 10);
  expect(text()).toBe(
    'one  0/50 steps\none  30/50 steps  10/s  0:02 left\ntwo  10/50 steps  10/s  0:04 left\ntwo  40/50 steps  10/s  0:01 left\n',
  );
});

test('a terminal line is repainted, kept at the end of its stage, and never wider than the terminal', () => {
  const { report, end, text } = screen(true, 30);
  report('one', 0, 2, 0);
  report('one', 1, 2, 0.05);
  report('one', 2, 2, 0.06);
  report('a stage with a long name', 0, 2, 0.07);
  end();
  // Each repaint returns to the start of the line and clears it.
  const painted = text().split(/\r|\n/);
  expect(painted).toEqual([
    '',
    '\x1b[Kone  0/2 steps',
    '\x1b[Kone  2/2 steps  33/s  took 0:',
    '',
    '\x1b[Ka stage with a long name  0/2',
    '',
  ]);
});

test('a note ends the line that is repainted', () => {
  const { report, note, text } = screen(true);
  report('one', 1, 2, 0);
  note('a warning');
  expect(text()).toBe('\r\x1b[Kone  1/2 steps\na warning\n');
});
