import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dualform, newFolder } from '../cli/dualform.ts';

/** Of the whole command, from its start to its end. */
const TOLERANCE = 0.25;

// What else the machine does meanwhile slows the estimate or the run, and not the other: then it is tried again.
describe('a run takes as long as its dry run said', { retry: 3 }, () => {
  test.each([
    ['everything', ['--task', 'sst2', '--limit', '64']],
    ['many demonstrations', ['--task', 'subj', '--settings', 'zero-shot,in-context', '--shots', '32', '--limit', '96']],
    [
      'many steps',
      ['--task', 'agnews', '--settings', 'finetuned', '--learning-rate', '0.001', '--shots', '32', '--limit', '16'],
    ],
    ['few rows', ['--task', 'mr', '--limit', '8', '--learning-rate', '0.001', '--shots', '4']],
  ])('%s', async (_, choices) => {
    const args = ['run', ...choices, '--json', '--quiet'];
    const { total } = JSON.parse((await dualform([...args, '--dry-run'])).stdout);
    const start = performance.now();
    const { exitCode } = await dualform([...args, '--out', join(await newFolder(), 'run')]);
    const seconds = (performance.now() - start) / 1000;
    expect(exitCode).toBe(0);
    expect(total.seconds / seconds).toBeGreaterThan(1 - TOLERANCE);
    expect(total.seconds / seconds).toBeLessThan(1 + TOLERANCE);
  });
});
