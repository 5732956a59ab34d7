import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { digestsBelow } from '../cell/scratch.ts';
import { dualform, newFolder, startDualform } from './dualform.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));
const base = {
  model: fixture('tiny-model'),
  task: fixture('tiny-tasks/letters.jsonl'),
  learningRate: 0.1,
  limit: 4,
  steadyCheck: false,
};
const plan = { command: 'run', base, grid: { shots: [1, 2], seed: [1, 2] } };

/** A folder with a plan in it. */
async function withPlan(content: unknown): Promise<string> {
  const cwd = await newFolder();
  writeFileSync(join(cwd, 'plan.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return cwd;
}

test('a sweep: the folders of single runs, the same bytes with two jobs and in shards, and a table', async () => {
  const cwd = await withPlan(plan);
  const one = await dualform(['sweep', 'plan.json', '--out', 'one', '--threads', '1'], { cwd });
  expect(one.stdout).toContain('4 cells of run: 4 done, 0 failed, 0 left.');
  expect(one.stderr).toMatch(/^sweep {2}0\/4 cells/m);
  expect(one.exitCode).toBe(0);

  const two = await dualform(['sweep', 'plan.json', '--out', 'two', '--threads', '2', '--jobs', '2', '--json'], {
    cwd,
  });
  expect(JSON.parse(two.stdout)).toMatchObject({ schema: 'dualform.sweep-status/1', cells: 4, done: 4, failed: [] });
  const first = await dualform(['sweep', 'plan.json', '--out', 'shards', '--threads', '1', '--shard', '1/2'], { cwd });
  expect(first.exitCode).toBe(3);
  const second = await dualform(['sweep', 'plan.json', '--out', 'shards', '--threads', '1', '--shard', '2/2'], { cwd });
  expect(second.exitCode).toBe(0);
  const expected = digestsBelow(join(cwd, 'one'));
  expect(digestsBelow(join(cwd, 'two'))).toEqual(expected);
  expect(digestsBelow(join(cwd, 'shards'))).toEqual(expected);

  const { cell, result } = JSON.parse(readFileSync(join(cwd, 'one/cells.jsonl'), 'utf8').split('\n')[1]!);
  const { model, task, learningRate, limit } = base;
  const typed = { model, task, 'learning-rate': learningRate, limit, shots: 1, seed: 2, threads: 1, out: 'alone' };
  const flags = Object.entries(typed).flatMap(([name, value]) => [`--${name}`, String(value)]);
  await dualform(['run', ...flags, '--no-steady-check'], { cwd });
  const { 'cell.json': _, ...ofCell } = digestsBelow(join(cwd, 'one/cells', cell));
  expect(ofCell).toEqual(digestsBelow(join(cwd, 'alone')));
  expect(result).toEqual(JSON.parse(readFileSync(join(cwd, 'alone/result.json'), 'utf8')));

  const table = await dualform(['sweep', '--table', 'one', '--csv', 'one.csv', '--parquet', 'one.parquet'], { cwd });
  expect(table.stdout).toMatch(/^shots +n +zero-shot +in-context +finetuned +Rec2FTP +SimAOU +SimAM +Kendall\n1 +2 /);
  const [head, ...rows] = readFileSync(join(cwd, 'one.csv'), 'utf8').trim().split('\r\n');
  expect(head!.split(',')).toEqual(
    expect.arrayContaining(['cell', 'options.seed', 'result.accuracy.zero-shot', 'result.simAM.value']),
  );
  expect(rows).toHaveLength(4);
  const { buffer } = new Uint8Array(readFileSync(join(cwd, 'one.parquet')));
  const records = await parquetReadObjects({ file: buffer });
  expect(records[1]!['result.accuracy.zero-shot']).toBe(result.accuracy['zero-shot']);
});

test('Ctrl-C, then the same command: the bytes of a sweep that was not stopped', async () => {
  const cwd = await withPlan({ ...plan, base: { ...base, limit: 20, batchSize: 1 } });
  const args = ['sweep', 'plan.json', '--threads', '1'];
  const stopped = startDualform([...args, '--out', 'stopped'], { cwd });
  const stored = () =>
    readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('cell.json'));
  while (stored().length === 0) await sleep(10);
  stopped.kill('SIGINT');
  const { stderr, exitCode } = await stopped;
  expect(stderr).toMatch(/interrupted with [123] of 4 cells finished in stopped; the same command resumes from there/);
  expect(exitCode).toBe(130);
  expect((await dualform([...args, '--out', 'stopped'], { cwd })).exitCode).toBe(0);
  await dualform([...args, '--out', 'whole'], { cwd });
  expect(digestsBelow(join(cwd, 'stopped'))).toEqual(digestsBelow(join(cwd, 'whole')));
});

test('failed cells are named, and exit 1', async () => {
  const cwd = await withPlan({
    ...plan,
    grid: { task: [base.task, 'none.jsonl'] },
    base: { ...base, task: undefined },
  });
  const { stdout, stderr, exitCode } = await dualform(['sweep', 'plan.json', '--out', 'out', '--threads', '1'], {
    cwd,
  });
  expect(stdout).toMatch(/1 done, 1 failed, 0 left\.\nFailed: [0-9a-f]{16}: .*none\.jsonl/);
  expect(stderr).toContain('task none.jsonl: failed: ');
  expect(exitCode).toBe(1);
  const status = await dualform(['sweep', '--status', 'out', '--json'], { cwd });
  expect(JSON.parse(status.stdout)).toMatchObject({ done: 1, failed: [{ options: { task: 'none.jsonl' } }] });
  expect(status.exitCode).toBe(0);
});

test('--dry-run computes nothing and says what it takes', async () => {
  const cwd = await withPlan(plan);
  const { stdout, exitCode } = await dualform(['sweep', 'plan.json', '--dry-run', '--json'], { cwd });
  const estimate = JSON.parse(stdout);
  expect(estimate).toMatchObject({ schema: 'dualform.sweep-estimate/1', cells: 4, seconds: expect.any(Number) });
  expect(estimate.seconds).toBeGreaterThan(estimate.longestSeconds);
  expect(readdirSync(cwd)).toEqual(['plan.json']);
  expect(exitCode).toBe(0);
});

test('--slurm and --kubernetes write what a cluster runs, and compute nothing', async () => {
  const cwd = await withPlan(plan);
  const files = ['--slurm', 'sweep.sh', '--kubernetes', 'sweep.json'];
  const args = ['sweep', 'plan.json', '--out', 'out', '--jobs', '2', '--threads', '1'];
  const { stdout } = await dualform([...args, ...files], { cwd });
  expect(stdout).toContain('Wrote sweep.sh and sweep.json.');
  expect(readFileSync(join(cwd, 'sweep.sh'), 'utf8')).toContain('#SBATCH --array=1-2%2');
  expect(JSON.parse(readFileSync(join(cwd, 'sweep.json'), 'utf8'))).toMatchObject({ spec: { completions: 2 } });
  expect(readdirSync(cwd).sort()).toEqual(['plan.json', 'sweep.json', 'sweep.sh']);
});

test('--slurm divides the arms of one study, and --status counts them', async () => {
  const { model, task, learningRate } = base;
  const study = { model, tasks: [task], learningRate, preset: 'quick', shots: 2, rows: 2, behaviourRows: 2 };
  const cwd = await withPlan({ command: 'evidence', base: study });
  const args = ['sweep', 'plan.json', '--out', 'out', '--threads', '1'];
  const { stdout } = await dualform([...args, '--jobs', '3', '--slurm', 'sweep.sh', '--json'], { cwd });
  const { cells, parts } = JSON.parse(stdout);
  expect(cells).toBe(1);
  expect(parts.count).toBeGreaterThan(3);
  const script = readFileSync(join(cwd, 'sweep.sh'), 'utf8');
  expect(script).toContain('#SBATCH --array=1-3%3');
  expect(script).toMatch(/^#SBATCH --time=0-00:1\d:\d\d$/m);

  const { exitCode } = await dualform([...args, '--shard', '2/3', '--quiet'], { cwd });
  expect(exitCode).toBe(3);
  const status = await dualform(['sweep', '--status', 'out'], { cwd });
  const [, done, total] = /^(\d+) of (\d+) arms stored\.$/m.exec(status.stdout)!.map(Number) as [
    number,
    number,
    number,
  ];
  expect(status.stdout).toContain('1 cell of evidence: 0 done, 0 failed, 1 left.');
  expect(done).toBeGreaterThanOrEqual(Math.floor(parts.count / 3));
  expect(done).toBeLessThan(total);
});

describe('wrong use is refused on one line', () => {
  test.each<[unknown, readonly string[], string]>([
    [plan, ['--out', 'o', '--jobs', '1024'], ' would fit'],
    [plan, ['--out', 'o', '--shard', '5/4'], '--shard 5/4: must be i/n, as in 2/8'],
    [plan, [], '--out: is required'],
    ['{', ['--out', 'o'], 'plan.json: not JSON'],
    [{ ...plan, grid: { seed: [1, 'a'] } }, ['--out', 'o'], 'plan.json: cell 2 of 2 (seed a): seed a: must be a whole'],
  ])('%#', async (content, args, message) => {
    const cwd = await withPlan(content);
    const { stdout, stderr, exitCode } = await dualform(['sweep', 'plan.json', ...args, '--quiet'], { cwd });
    expect(stderr).toMatch(/^dualform: [^\n]+\n$/);
    expect(stderr).toContain(message);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  });

  test('no plan', async () => {
    const { stderr, exitCode } = await dualform(['sweep', '--out', 'o'], { cwd: await newFolder() });
    expect(stderr).toContain('a plan is required; give a JSON file; see --schema');
    expect(exitCode).toBe(2);
  });
});

test('--schema prints the JSON Schema of plans', async () => {
  const { stdout } = await dualform(['sweep', '--schema']);
  expect(JSON.parse(stdout)).toMatchObject({ title: 'dualform sweep', oneOf: expect.any(Array) });
});
