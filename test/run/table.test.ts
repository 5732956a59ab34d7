import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Interrupted } from '../../src/run/interrupted.ts';
import { runTable, type TableOptions } from '../../src/run/paper/table.ts';
import { runExperiment } from '../../src/run/run.ts';
import { inProcesses } from '../../src/study/sweep/in-processes.ts';
import { digestsBelow } from '../cell/scratch.ts';
import { LETTERS, scratch, tinyRun, WORDS } from './tiny.ts';

const { task: _, ...ofEachRun } = tinyRun;
const tiny: TableOptions = { ...ofEachRun, tasks: [LETTERS, WORDS], limit: 12 };

test('two tasks at once, each in its process, leave the bytes of one after the other', async () => {
  const [one, two] = [scratch(), scratch()];
  const expected = await runTable({ ...tiny, out: one });
  const begun: string[] = [];
  const found = await runTable({
    ...{ ...tiny, out: two, executor: inProcesses(2) },
    onTask: (task, i, count) => begun.push(`${task} ${i}/${count}`),
  });
  expect(begun.sort()).toEqual(['letters 0/2', 'words 1/2']);
  expect(found.tables).toEqual(expected.tables);
  expect(digestsBelow(two)).toEqual(digestsBelow(one));
  expect(readdirSync(two).sort()).toEqual(['letters', 'words']);
});

test('a task that was stopped resumes in its own folder, also one that `run` began', async () => {
  const [whole, out] = [scratch(), scratch()];
  await runTable({ ...tiny, out: whole });
  const stop = new AbortController();
  const begun = runExperiment({
    ...{ ...tinyRun, limit: 12, out: join(out, 'letters'), signal: stop.signal },
    onProgress: ({ stage, done }) => stage === 'evaluation' && done === 2 && stop.abort(),
  });
  await expect(begun).rejects.toThrow(Interrupted);
  const resumed: number[] = [];
  const again = new AbortController();
  const stopped = runTable({
    ...{ ...tiny, out, signal: again.signal },
    onTask: task => task === 'words' && again.abort(),
    onProgress: ({ stage, done }) => stage === 'evaluation' && resumed.push(done),
  });
  await expect(stopped).rejects.toThrow(Interrupted);
  expect(resumed[0]).toBeGreaterThanOrEqual(2);
  expect(resumed[0]).toBeLessThan(12);
  await runTable({ ...tiny, out });
  expect(digestsBelow(out)).toEqual(digestsBelow(whole));
});
