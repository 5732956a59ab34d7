import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Cell, nameOfCell } from '../../src/cell/cell.ts';
import { computeCell } from '../../src/cell/compute-cell.ts';
import type { Executor } from '../../src/cell/executor.ts';
import { here } from '../../src/cell/here.ts';
import { requireMemory } from '../../src/cell/memory-of-cells.ts';
import { processes } from '../../src/cell/processes.ts';
import { readShard } from '../../src/cell/shard.ts';
import { runSweep, type SweepOptions, sweepStatus } from '../../src/cell/sweep.ts';
import { sweepCost } from '../../src/cell/sweep-cost.ts';
import { folderOfCell, sweepStore } from '../../src/cell/sweep-store.ts';
import { workFolderOf } from '../../src/cell/work-folder.ts';
import { makeFolders } from '../../src/files/make-folders.ts';
import { makeFolder } from '../../src/files/run-folder.ts';
import type { Progress } from '../../src/hooks.ts';
import { fakeKinds, fakeProcess, fakeSweep } from './fake-kind.ts';
import { digestsBelow, scratch } from './scratch.ts';

const inProcesses = (jobs: number) => processes({ child: fakeProcess, jobs, threads: 1 });
const executors: readonly (readonly [string, Executor])[] = [
  ['here', here(fakeKinds)],
  ['one process', inProcesses(1)],
  ['two processes', inProcesses(2)],
];

const run = (out: string, sweep = fakeSweep({ seed: [3, 1, 2] }), options: Partial<SweepOptions> = {}) =>
  runSweep(sweep, { out, executor: here(fakeKinds), ...options });

const lines = (out: string) =>
  readFileSync(join(out, 'cells.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));

describe.each(executors)('%s', (_, executor) => {
  test('computes every cell once, with the same bytes as here, and lists them in the order of the plan', async () => {
    const [out, reference] = [scratch(), scratch()];
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ seed: [3, 1, 2] }, { steps: 2, log });
    expect(await run(out, sweep, { executor })).toMatchObject({ cells: 3, done: 3, failed: [], left: 0 });
    expect(readFileSync(log, 'utf8').trim().split('\n').sort()).toEqual(['1 0', '1 1', '2 0', '2 1', '3 0', '3 1']);
    expect(lines(out).map(({ options, status }) => [options.seed, status])).toEqual([
      [3, 'done'],
      [1, 'done'],
      [2, 'done'],
    ]);
    await run(reference, sweep);
    expect(digestsBelow(out)).toEqual(digestsBelow(reference));
    expect(readdirSync(out).sort()).toEqual(['.sweep-id', 'cells', 'cells.jsonl', 'sweep.json']);
  });

  test('sets a failed cell aside with its reason; retryFailed computes it again', async () => {
    const out = scratch();
    const sweep = fakeSweep({ does: ['succeed', 'fail'] });
    const heard: string[] = [];
    const status = await run(out, sweep, { executor, onWarning: message => heard.push(message) });
    expect(status).toMatchObject({
      done: 1,
      failed: [{ options: { does: 'fail' }, why: 'was told to fail' }],
      left: 0,
    });
    expect(heard).toContain('does fail: failed: was told to fail');
    expect(lines(out)[1]).toMatchObject({ status: 'failed', why: 'was told to fail' });
    expect(readdirSync(folderOfCell(out, sweep.cells[1]!)).sort()).toEqual(['cell.json', 'failed.json']);
    const progress: Progress[] = [];
    await run(out, sweep, { executor, retryFailed: true, onProgress: event => progress.push(event) });
    expect(progress[0]).toMatchObject({ done: 1, total: 2 });
    expect(progress.at(-1)).toMatchObject({ done: 2, total: 2, detail: '1 failed' });
  });

  test('a disk that is full stops the sweep and sets no cell aside', async () => {
    const out = scratch();
    const sweep = fakeSweep({ does: ['fill the disk'] });
    await expect(run(out, sweep, { executor })).rejects.toThrow('the disk is full');
    expect(await sweepStatus(out, fakeKinds).catch(error => error.message)).toMatchObject({ failed: [], left: 1 });
  });

  test('an error of who hears of a cell stops it; processes close what they have open', async () => {
    const [out, log] = [scratch(), join(scratch(), 'log')];
    const { cells } = fakeSweep({ seed: [1, 2, 3] }, { log, steps: 1 });
    const heard: unknown[] = [];
    const onFinished = async ({ options }: Cell) => {
      heard.push(options.seed);
      throw new Error('enough');
    };
    await expect(executor(cells, out, { onFinished })).rejects.toThrow('enough');
    expect(heard.length).toBeLessThan(3);
    expect(readFileSync(`${log}.closed`, 'utf8')).toMatch(/^(closed\n){1,2}$/);
  });

  test('an interrupted cell continues in its work folder', async () => {
    const out = scratch();
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ seed: [1, 2] }, { steps: 10, log });
    const stop = new AbortController();
    const begun = () => existsSync(log) && readFileSync(log, 'utf8').split('\n').length > 3;
    const watch = setInterval(() => begun() && stop.abort(new Error('Ctrl-C')), 5);
    await expect(run(out, sweep, { executor, signal: stop.signal })).rejects.toThrow('Ctrl-C');
    clearInterval(watch);
    expect(await run(out, sweep, { executor })).toMatchObject({ done: 2 });
    const steps = readFileSync(log, 'utf8').trim().split('\n');
    expect(steps.sort()).toEqual([1, 2].flatMap(seed => [...Array(10).keys()].map(step => `${seed} ${step}`)));
  });
});

test('a cell that crashes its process is set aside after two tries, and all others finish', async () => {
  const out = scratch();
  const log = join(scratch(), 'log');
  const sweep = fakeSweep({ does: ['succeed', 'crash'], seed: [1, 2] }, { steps: 1, log });
  const status = await run(out, sweep, { executor: inProcesses(2) });
  expect(status).toMatchObject({ done: 2, left: 0 });
  expect(status.failed.map(({ why }) => why)).toEqual(
    Array(2).fill('the process that computed it ended with signal SIGKILL, 2 times'),
  );
});

test('two sweeps of one plan at once compute every cell once', async () => {
  const out = scratch();
  const log = join(scratch(), 'log');
  const sweep = fakeSweep({ seed: [1, 2, 3, 4] }, { steps: 5, log });
  const both = await Promise.all([1, 2].map(() => run(out, sweep, { executor: inProcesses(1) })));
  expect(both.map(({ done }) => done)).toEqual([4, 4]);
  expect(new Set(readFileSync(log, 'utf8').trim().split('\n')).size).toBe(20);
  expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(20);
});

describe('one cell', () => {
  const cell = fakeSweep({ seed: [1] }).cells[0]!;
  const compute = (out: string) => {
    const { open, storeIn } = fakeKinds.get('fake')!;
    return computeCell(cell, { computer: open(), root: out, store: storeIn(out) }, {});
  };

  test('a late result is not stored, and says so', async () => {
    const out = scratch();
    await compute(out);
    const before = digestsBelow(out);
    const late = join(scratch(), 'late');
    await makeFolders(late);
    writeFileSync(join(late, 'result.json'), '"late"');
    expect(await sweepStore(out).store(cell, late)).toMatchObject({
      found: true,
      note: expect.stringContaining('not used'),
    });
    expect(digestsBelow(out)).toEqual(before);
    expect(await compute(out)).toEqual({ status: 'done', found: true });
  });

  test('a cell that another process computes is busy', async () => {
    const out = scratch();
    const lock = await makeFolder(workFolderOf(out, nameOfCell(cell)));
    expect(await compute(out)).toMatchObject({ status: 'busy', why: expect.stringContaining('another run works') });
    await lock.release();
    expect(await compute(out)).toEqual({ status: 'done', found: false });
  });
});

describe('the folder', () => {
  test('shards share it; each lists what is finished', async () => {
    const out = scratch();
    const sweep = fakeSweep({ seed: [1, 2, 3] });
    expect(await run(out, sweep, { shard: readShard('1/2') })).toMatchObject({ done: 2, left: 1 });
    expect(lines(out).map(({ options }) => options.seed)).toEqual([1, 3]);
    expect(await run(out, sweep, { shard: readShard('2/2') })).toMatchObject({ done: 3, left: 0 });
    const whole = scratch();
    await run(whole, sweep);
    expect(digestsBelow(out)).toEqual(digestsBelow(whole));
  });

  test('holds one sweep', async () => {
    const out = scratch();
    await run(out);
    await expect(run(out, fakeSweep({ seed: [3, 1] }))).rejects.toThrow(
      `${out}: holds another sweep: grid.seed is [3,1,2] there and [3,1] here; give another \`out\``,
    );
    const other = scratch();
    writeFileSync(join(other, 'notes.txt'), '');
    await expect(run(other)).rejects.toThrow('holds other files (notes.txt) and no sweep');
    await expect(sweepStatus(other, fakeKinds)).rejects.toThrow('holds no sweep');
  });
});

test.each(['0/2', '3/2', '1', 'a/b', '1/2/3'])('shard %s is refused', text => {
  expect(() => readShard(text)).toThrow('must be i/n, as in 2/8');
});

test('cells that differ in seed alone are estimated once; a group is computed together', async () => {
  const progress: Progress[] = [];
  const sweep = fakeSweep({ seed: [1, 2], group: ['a', 'b'] });
  const cost = await sweepCost(sweep, { measure: true, onProgress: event => progress.push(event) });
  expect(cost).toMatchObject({ cells: 4, seconds: 8, longestSeconds: 2, memoryBytes: 1e9, diskBytes: 40 });
  expect(progress).toHaveLength(2);
  const order: unknown[] = [];
  const watch: Executor = async (cells, root, options) => {
    order.push(...cells.map(({ options: { group } }) => group));
    await here(fakeKinds)(cells, root, options);
  };
  await run(scratch(), sweep, { executor: watch });
  expect(order).toEqual(['a', 'a', 'b', 'b']);
});

test('more jobs than fit the memory are refused with the number that fits', () => {
  expect(() => requireMemory(4, 1e9, 3.5e9)).toThrow(
    'a cell needs up to 1.0 GB, and this machine has 3.5 GB; 3 would fit',
  );
  expect(() => requireMemory(3, 1e9, 3.5e9)).not.toThrow();
  expect(() => requireMemory(100, null, 1)).not.toThrow();
});
