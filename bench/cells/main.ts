/**
 * Measures what cells cost next to their work: empty cells here, in processes and through queues, and
 * 24 runs of a tiny model as a sweep and as single commands:
 *
 *     npm run bench:cells -- [--cells 1000] [--only here|processes|redis|postgres|runs|large] [--write]
 *
 * `here` computes ten times as many cells, and fails where they make the process grow; `large` a
 * hundred times as many, stored by a worker that does not wait for the disk. `--write` puts the
 * tables into docs/sweeps.md; with `--only`, the other rows stay.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Executor } from '../../src/cell/executor.ts';
import { here } from '../../src/cell/here.ts';
import { processes } from '../../src/cell/processes.ts';
import { throughQueue } from '../../src/cell/queue/queue-executor.ts';
import { runSweep } from '../../src/cell/sweep.ts';
import { fakeKinds, fakeProcess, fakeSweep } from '../../test/cell/fake-kind.ts';
import { computeLargeSweep } from '../../test/cell/large-sweep.ts';
import { hasRedis, startPostgres, startRedis, type TestServer } from '../../test/cell/servers.ts';
import { startWorkerProcess } from '../../test/cell/worker-process.ts';
import { reportTable } from '../report-table.ts';

const { cells, only, write } = parseArgs({
  options: {
    cells: { type: 'string', default: '1000' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
}).values;
const cellCount = Number(cells);
const wants = (part: string) => only === undefined || only === part;
const folder = mkdtempSync(join(tmpdir(), 'dualform-bench-cells-'));
let folders = 0;
const newFolder = () => join(folder, String(folders++));

const rows: (readonly string[])[] = [];
function tell(what: string, count: number, seconds: number, { must = '', note = '' } = {}): void {
  const row = [what, (count / seconds).toFixed(1), ((1000 * seconds) / count).toFixed(1), must, note];
  console.log(row.filter(text => text !== '').join('  '));
  rows.push(row);
}

const rss = () => process.memoryUsage.rss();
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

interface EmptyCells {
  readonly count?: number;
  readonly out?: string;
  readonly must: string;
}

/** Seconds of empty cells, from the second finished cell on: without the start of processes. */
async function emptyCells(
  what: string,
  executor: Executor,
  { count = cellCount, out = newFolder(), must }: EmptyCells,
): Promise<void> {
  let start: number | undefined;
  let early = 0;
  const onProgress = ({ done }: { readonly done: number }) => {
    if (done >= 1) start ??= performance.now();
    if (done === Math.ceil(count / 10)) early = rss();
  };
  const sweep = fakeSweep({ seed: Array.from({ length: count }, (_, seed) => seed) });
  const { done } = await runSweep(sweep, { out, executor, onProgress });
  if (done !== count) throw new Error(`${what}: ${done} of ${count} cells`);
  const seconds = (performance.now() - start!) / 1000;
  const late = rss();
  if (late > 1.5 * early) throw new Error(`${what}: memory grew from ${megabytes(early)} to ${megabytes(late)}`);
  const note = `memory ${megabytes(early)} after a tenth, ${megabytes(late)} at the end`;
  tell(`${count} empty cells, ${what}`, count - 1, seconds, { must, note });
}

async function queues(name: string, start: () => Promise<TestServer>): Promise<void> {
  const server = await start();
  try {
    for (const workers of [1, 2, 4, 8]) {
      const out = newFolder();
      const started = Array.from({ length: workers }, () => startWorkerProcess({ url: server.url, out }));
      await Promise.all(started.map(worker => worker.says(/takes cells/)));
      const executor = throughQueue({ url: server.url, kinds: fakeKinds });
      await emptyCells(`${name}, ${workers} workers`, executor, { out, must: '50 ms' });
      await Promise.all(started.map(worker => worker.end()));
    }
  } finally {
    await server.stop();
  }
}

const fixture = (path: string) => fileURLToPath(new URL(`../../test/fixtures/${path}`, import.meta.url));
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

function command(args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [main, ...args, '--quiet'], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return (performance.now() - started) / 1000;
}

/** 24 runs of a tiny model: loading and starting take longer than computing. */
async function tinyRuns(): Promise<void> {
  const base = {
    model: fixture('tiny-model'),
    task: fixture('tiny-tasks/letters.jsonl'),
    learningRate: 0.1,
    limit: 16,
  };
  const grid = { shots: [0, 1, 2, 3], seed: [1, 2, 3, 4, 5, 6] };
  writeFileSync(join(folder, 'plan.json'), JSON.stringify({ command: 'run', base, grid }));
  let single = 0;
  for (const shots of grid.shots) {
    for (const seed of grid.seed) {
      const { model, task, learningRate, limit } = base;
      const options = { model, task, 'learning-rate': learningRate, limit, shots, seed, out: newFolder() };
      single += command(['run', ...Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)])]);
    }
  }
  tell('24 tiny runs, single commands', 24, single);
  const against = (seconds: number) => ({ must: '2 x', note: `${(single / seconds).toFixed(1)} x single commands` });
  for (const jobs of ['1', '2']) {
    const seconds = command(['sweep', 'plan.json', '--out', newFolder(), '--jobs', jobs]);
    tell(`24 tiny runs, --jobs ${jobs}`, 24, seconds, against(seconds));
  }
  const server = hasRedis ? await startRedis() : await startPostgres();
  try {
    for (const count of [1, 2]) {
      const args = [main, 'worker', '--queue', server.url, '--threads', '1', '--quiet'];
      const workers = Array.from({ length: count }, () => spawn(process.execPath, args, { stdio: 'ignore' }));
      const seconds = command(['sweep', 'plan.json', '--out', newFolder(), '--queue', server.url]);
      tell(`24 tiny runs, ${count} workers`, 24, seconds, against(seconds));
      await Promise.all(workers.map(worker => new Promise(gone => worker.once('exit', gone) && worker.kill())));
    }
  } finally {
    await server.stop();
  }
}

const conditions = `${cpus().length} x ${cpus()[0]!.model.trim()}, Node ${process.versions.node}.`;

async function large(): Promise<void> {
  const server = await startRedis();
  try {
    const {
      cells: count,
      seconds,
      queueBytes,
      bytes,
      memoryBytes,
    } = await computeLargeSweep(server.url, newFolder(), 100 * cellCount);
    const time = (step: keyof typeof seconds) => `${seconds[step].toFixed(1)} s`;
    const [head, ...lines] = [
      [`${count} cells`, 'cost'],
      ['reading the plan', time('plan')],
      ['Redis, every cell waiting', megabytes(queueBytes)],
      ['adding, storing and collecting all cells', time('queue')],
      ['the same command again, nothing left to do', time('again')],
      ['`--status`', time('status')],
      ['`--table` with `--csv` and `--parquet`', time('table')],
      ['`cells.jsonl`', megabytes(bytes.lines)],
      ['the table as CSV', megabytes(bytes.csv)],
      ['the table as Parquet', megabytes(bytes.parquet)],
      ['memory of the process', megabytes(memoryBytes)],
    ];
    const place = write ? { page: 'sweeps.md', name: 'bench:large' } : undefined;
    reportTable({ conditions, head: head!, rows: lines }, place);
  } finally {
    await server.stop();
  }
}

try {
  if (wants('here')) await emptyCells('one process', here(fakeKinds), { count: 10 * cellCount, must: '20 ms' });
  if (wants('processes')) {
    for (const jobs of [1, 2]) {
      const executor = processes({ child: fakeProcess, jobs, threads: 1 });
      await emptyCells(`--jobs ${jobs}`, executor, { must: '20 ms' });
    }
  }
  if (wants('redis') && hasRedis) await queues('Redis', startRedis);
  if (wants('postgres')) await queues('PostgreSQL', startPostgres);
  if (wants('runs')) await tinyRuns();
  const keys = only === undefined ? undefined : 1;
  if (rows.length > 0) {
    const head = ['work', 'cells a second', 'ms a cell', 'must reach', 'note'];
    reportTable({ conditions, head, rows }, write ? { page: 'sweeps.md', name: 'bench:cells', keys } : undefined);
  }
  if (wants('large') && hasRedis) await large();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
