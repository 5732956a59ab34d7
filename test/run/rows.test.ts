/** @file Which evaluation rows a run takes, and that every way to it says so. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { estimateRun } from '../../src/run/estimate/estimate.ts';
import type { ExperimentOptions } from '../../src/run/options.ts';
import { prepare } from '../../src/run/prepare.ts';
import { runExperiment } from '../../src/run/run.ts';
import { dualform, goldenFile } from '../cli/dualform.ts';
import { scratch, TINY_MODEL, tinyRun } from './tiny.ts';

vi.mock('../../src/run/prepare.ts', { spy: true });

/** With a context for rows of every embedded task. */
const model = goldenFile('fairseq/model.pt');
const shared = { model, learningRate: 0.01, shots: 2 } as const;

/**
 * An own task whose evaluation rows are as many as there are letters; the first of them are
 * training rows too.
 */
function ownTask({ rows, leaked = 0 }: { readonly rows: number; readonly leaked?: number }): string {
  const folder = scratch();
  const file = (name: string, count: number, from: number) =>
    writeFileSync(
      join(folder, name),
      Array.from({ length: count }, (_, i) => JSON.stringify({ text: String(from + i), label: i % 2 })).join('\n'),
    );
  file('train.jsonl', 20, 0);
  file('evaluation.jsonl', rows, 20 - leaked);
  const files = { train: 'train.jsonl', evaluation: 'evaluation.jsonl' };
  writeFileSync(
    join(folder, 'own.task.json'),
    JSON.stringify({ template: '{text} is', labels: ['a', 'b'], shots: 2, ...files }),
  );
  return join(folder, 'own.task.json');
}

test.each<[ExperimentOptions, number]>([
  [{ task: 'mr' }, 200],
  [{ task: 'mr', seed: 3, tap: 'label', settings: ['zero-shot'] }, 200],
  [{ task: 'cb' }, 56],
  [{ task: 'mr', limit: 7 }, 7],
  [{ task: 'mr', limit: 'all' }, 1066],
  [{ task: 'cb', limit: 2000 }, 56],
  [{ task: 'mr', preset: 'paper:1.3B' }, 1066],
  [{ task: 'mr', preset: 'paper:1.3B', limit: 9 }, 9],
])('%o takes %d evaluation rows', async (options, rows) => {
  const { plan } = await prepare({ ...shared, ...options });
  expect(plan.examples).toBe(rows);
  expect(plan.task.evaluationRows).toBe(options.task === 'mr' ? 1066 : 56);
});

test('an own task as well', async () => {
  const options = { model: TINY_MODEL, learningRate: 0.1, task: ownTask({ rows: 230 }) };
  expect((await prepare(options)).plan).toMatchObject({ examples: 200, task: { evaluationRows: 230 } });
  expect((await prepare({ ...options, limit: 'all' })).plan.examples).toBe(230);
  await expect(prepare({ ...options, limit: 'some' as 'all' })).rejects.toThrow(
    'limit some: must be a whole number, at least 1, or all',
  );
});

test('rows of SST-5 that are training rows are told, and left out of plan and signature where that is asked', async () => {
  const options = { ...shared, task: 'sst5', limit: 'all' } as const;
  const all = await prepare(options);
  const without = await prepare({ ...options, excludeLeaks: true });
  expect(all.task.warnings).toEqual([expect.stringMatching(/^2 of 1101 evaluation rows are training rows too/)]);
  expect(without.task.warnings).toEqual([]);
  expect(all.plan.task).toMatchObject({ evaluationRows: 1101, leaksExcluded: 0 });
  expect(without.plan.task).toMatchObject({ evaluationRows: 1099, leaksExcluded: 2 });
  expect(without.signature).not.toBe(all.signature);
  const ids = (of: typeof all) => of.sequences.queries.map(({ row }) => row);
  expect(ids(all).filter(id => !ids(without).includes(id)).length).toBe(2);
  expect(ids(without)).toEqual(ids(all).filter(id => ids(without).includes(id)));
  // A task without such rows is the same run with and without.
  const mr = { ...shared, task: 'mr' } as const;
  expect((await prepare({ ...mr, excludeLeaks: true })).signature).toBe((await prepare(mr)).signature);
});

test('a run of an own task without them: rows, result and lines', async () => {
  const task = ownTask({ rows: 12, leaked: 5 });
  const warnings: string[] = [];
  const onWarning = (warning: string) => warnings.push(warning);
  const { result } = await runExperiment({ ...tinyRun, task, excludeLeaks: true, limit: 4, out: scratch(), onWarning });
  expect(result.task).toMatchObject({ examples: 4, evaluationRows: 7, leaksExcluded: 5 });
  expect(warnings).toEqual([]);

  await estimateRun({ ...tinyRun, task, speed: null, onWarning });
  expect(warnings).toEqual(['task own: 5 of 12 evaluation rows are training rows too; `excludeLeaks` leaves them out']);
});

test('the command says what it took', async () => {
  const task = ownTask({ rows: 12, leaked: 5 });
  const common = ['run', '--model', TINY_MODEL, '--task', task, '--learning-rate', '0.1', '--threads', '1'];
  const said = async (...args: string[]) => dualform([...common, '--out', join(scratch(), 'run'), ...args]);
  const few = await said('--limit', '4', '--exclude-leaks');
  expect(few.stdout).toContain(
    'The first 4 of 7 evaluation rows are taken; --limit all takes all. 5 that are training rows too are left out.',
  );
  const all = await said('--limit', 'all');
  expect(all.stdout).toContain('All 12 evaluation rows are taken.');
  expect(all.stderr).toContain('5 of 12 evaluation rows are training rows too; --exclude-leaks leaves them out');
  const dry = await said('--dry-run', '--limit', '4');
  expect(dry.stdout).toContain('The first 4 of 12 evaluation rows are taken; --limit all takes all.');
  expect(dry.stderr).toContain('5 of 12 evaluation rows are training rows too');
});

test('an estimate hands its signal on to what opens model and task, and stops where it is aborted', async () => {
  const controller = new AbortController();
  await estimateRun({ ...tinyRun, speed: null, signal: controller.signal });
  expect(vi.mocked(prepare).mock.lastCall?.[1]?.signal).toBe(controller.signal);
  controller.abort(new Error('stop'));
  await expect(estimateRun({ ...tinyRun, speed: null, signal: controller.signal })).rejects.toThrow('stop');
});
