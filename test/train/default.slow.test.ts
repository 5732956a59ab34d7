import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { estimateTraining } from '../../src/train/estimate.ts';
import { trainModel } from '../../src/train/run.ts';
import { killedTraining } from './killed.ts';
import { digests, scratch, tinyTraining, wholeRun } from './tiny.ts';

describe('the default run', () => {
  test('takes less than two minutes, learns, and takes what its estimate says', async () => {
    const { total, memoryBytes } = await estimateTraining();
    const start = performance.now();
    const { result, timing } = await trainModel({ out: join(scratch(), 'run') });
    const seconds = (performance.now() - start) / 1000;
    expect(seconds).toBeLessThan(120);
    expect(result.model.parameters).toBeGreaterThan(0.9e6);
    expect(result.predictions.validation.bitsPerByte).toBeLessThan(2.7);
    for (const [estimated, measured] of [
      [total.seconds!, seconds],
      [memoryBytes!, timing.peakMemoryBytes],
    ] as const) {
      expect(estimated / measured).toBeGreaterThan(0.75);
      expect(estimated / measured).toBeLessThan(1.25);
    }
  });

  test('ends with the same bytes when it was killed thrice', async () => {
    const [whole, out] = [join(scratch(), 'whole'), join(scratch(), 'killed')];
    await trainModel({ steps: 300, out: whole });
    for (const step of [40, 41, 200]) await killedTraining({ steps: 300, out }, { step });
    await trainModel({ steps: 300, out });
    expect(digests(out)).toEqual(digests(whole));
  });
});

test('a run that is killed at fifty moments ends with the same bytes', async () => {
  const { run, remove } = await wholeRun();
  const out = join(scratch(), 'run');
  for (let i = 0; i < 50; i++) {
    await killedTraining({ ...tinyTraining, out }, { milliseconds: 250 + 37 * (i % 20) });
    await setTimeout(5);
  }
  await trainModel({ ...tinyTraining, out });
  expect(digests(out)).toEqual(digests(run.folder));
  remove();
});
