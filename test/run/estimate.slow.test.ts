import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { openDecoder } from '../../src/model/open-decoder.ts';
import { measureSpeed } from '../../src/run/estimate/speed.ts';
import type { Prepared } from '../../src/run/prepare.ts';
import { dualform, goldenFile, newFolder, startDualform } from '../cli/dualform.ts';

/** Of the whole command, from its start to its end. */
const TOLERANCE = 0.25;

// What else the machine does meanwhile slows the estimate or the run, and not the other: then it is
// tried again.
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
    const { exitCode } = await startDualform([...args, '--out', join(await newFolder(), 'run')]);
    const seconds = (performance.now() - start) / 1000;
    expect(exitCode).toBe(0);
    expect(total.seconds / seconds).toBeGreaterThan(1 - TOLERANCE);
    expect(total.seconds / seconds).toBeLessThan(1 + TOLERANCE);
  });
});

const families = readdirSync(goldenFile('')).filter(name => existsSync(goldenFile(`${name}/config.json`)));

test.each(families)('the first layers of every family can be tried: %s', async name => {
  const checkpoint = await openCheckpoint(goldenFile(name));
  const tokens = [5, 6, 7, 8, 9, 10];
  const prepared = {
    checkpoint,
    decoder: await openDecoder(checkpoint),
    plan: { batches: [[0]] },
    sequences: { queries: [{ tokens }], prefixTokens: tokens, finetuning: [tokens] },
    scoring: { rows: () => [{ tokens, tap: 5, reads: [5] }] },
  } as unknown as Prepared;
  for (const [what, value] of Object.entries(await measureSpeed(prepared))) {
    expect(value, what).toBeGreaterThan(0);
    expect(value, what).toBeLessThan(Number.POSITIVE_INFINITY);
  }
});
