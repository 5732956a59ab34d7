import { afterAll, expect, test } from 'vitest';
import { prepare } from '../../src/run/prepare.ts';
import { runExperiment, runPrepared } from '../../src/run/run.ts';
import { shareModel } from '../../src/run/shared-model.ts';
import { tune } from '../../src/run/tune/tune.ts';
import { digests, LETTERS, scratch, tinyRun, WORDS } from './tiny.ts';

const shared = shareModel();
afterAll(() => shared.close());

const { threads, ...wishes } = tinyRun;
const runShared = (task: string, out: string) =>
  runPrepared(() => prepare({ ...wishes, task }, {}, asked => shared.open(asked, {})), { threads, out }, shared);

test('runs that share a model end with the bytes of runs alone, and leave only the model in memory', async () => {
  const alone = [scratch(), scratch()] as const;
  const together = [scratch(), scratch(), scratch()] as const;
  await runExperiment({ ...tinyRun, task: LETTERS, out: alone[0] });
  await runExperiment({ ...tinyRun, task: WORDS, out: alone[1] });
  await runShared(LETTERS, together[0]);
  const { pid, tensors } = await shared.lender.lend({ threads });
  const held = await tensors();
  await runShared(WORDS, together[1]);
  await runShared(LETTERS, together[2]);
  expect(together.map(digests)).toEqual([digests(alone[0]), digests(alone[1]), digests(alone[0])]);
  const later = await shared.lender.lend({ threads });
  expect(later.pid).toBe(pid);
  expect(await later.tensors()).toEqual(held);
});

test('after a crash of the compute process the next run has a new one', async () => {
  const [alone, out] = [scratch(), scratch()];
  const { pid } = await shared.lender.lend({ threads });
  process.kill(pid, 'SIGKILL');
  await runShared(LETTERS, out);
  expect((await shared.lender.lend({ threads })).pid).not.toBe(pid);
  await runExperiment({ ...tinyRun, task: LETTERS, out: alone });
  expect(digests(out)).toEqual(digests(alone));
});

test('tune with a shared model chooses as alone, and leaves only the model', async () => {
  const options = { model: tinyRun.model, task: LETTERS, shots: 2, seeds: [1, 2], learningRates: [0.01, 0.1], rows: 8 };
  const grid = { ...options, rule: 'paper', threads } as const;
  const held = await (await shared.lender.lend({ threads })).tensors();
  const first = await tune(grid, shared);
  expect(await (await shared.lender.lend({ threads })).tensors()).toEqual(held);
  expect(first).toEqual(await tune(grid));
});
