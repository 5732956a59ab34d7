/**
 * Measures what cells cost next to their work: empty cells here, in processes and through queues, and
 * 24 runs of a tiny model as a sweep and as single commands. Needs a build.
 *
 *     npm run bench:cells -- [--cells N] [--only here|processes|redis|postgres|runs]
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
import { hasRedis, startPostgres, startRedis, type TestServer } from '../../test/cell/servers.ts';
import { startWorkerProcess } from '../../test/cell/worker-process.ts';

const { cells: cellCount, only } = parseArgs({
  options: { cells: { type: 'string', default: '1000' }, only: { type: 'string' } },
}).values;
const wants = (part: string) => only === undefined || only === part;
const seeds = Array.from({ length: Number(cellCount) }, (_, seed) => seed);
const folder = mkdtempSync(join(tmpdir(), 'dualform-bench-cells-'));
let folders = 0;
const newFolder = () => join(folder, String(folders++));

function tell(what: string, cells: number, seconds: number): void {
  const ms = ((1000 * seconds) / cells).toFixed(1);
  console.log(`${what.padEnd(40)} ${(cells / seconds).toFixed(0).padStart(6)} cells/s ${ms.padStart(8)} ms a cell`);
}

function tellMemory(): void {
  console.log(`memory of this process: ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`);
}

/** Seconds of empty cells, from the second finished cell on: without the start of processes. */
async function emptyCells(what: string, executor: Executor, out = newFolder()): Promise<void> {
  let start: number | undefined;
  const onProgress = ({ done }: { readonly done: number }) => {
    if (done >= 1) start ??= performance.now();
  };
  const { done } = await runSweep(fakeSweep({ seed: seeds }), { out, executor, onProgress });
  if (done !== seeds.length) throw new Error(`${what}: ${done} of ${seeds.length} cells`);
  tell(what, seeds.length - 1, (performance.now() - start!) / 1000);
}

async function queues(name: string, start: () => Promise<TestServer>): Promise<void> {
  const server = await start();
  try {
    for (const workers of [1, 2, 4, 8]) {
      const out = newFolder();
      const started = Array.from({ length: workers }, () => startWorkerProcess({ url: server.url, out }));
      await Promise.all(started.map(worker => worker.says(/takes cells/)));
      await emptyCells(`${name}, ${workers} workers`, throughQueue({ url: server.url, kinds: fakeKinds }), out);
      await Promise.all(started.map(worker => worker.end()));
      tellMemory();
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
  for (const jobs of ['1', '2']) {
    const seconds = command(['sweep', 'plan.json', '--out', newFolder(), '--jobs', jobs]);
    tell(`24 tiny runs, --jobs ${jobs}: ${(single / seconds).toFixed(1)} x faster`, 24, seconds);
  }
  const server = hasRedis ? await startRedis() : await startPostgres();
  try {
    for (const count of [1, 2]) {
      const args = [main, 'worker', '--queue', server.url, '--threads', '1', '--quiet'];
      const workers = Array.from({ length: count }, () => spawn(process.execPath, args, { stdio: 'ignore' }));
      const seconds = command(['sweep', 'plan.json', '--out', newFolder(), '--queue', server.url]);
      tell(`24 tiny runs, ${count} workers: ${(single / seconds).toFixed(1)} x faster`, 24, seconds);
      await Promise.all(workers.map(worker => new Promise(gone => worker.once('exit', gone) && worker.kill())));
    }
  } finally {
    await server.stop();
  }
}

try {
  console.log(`${cpus().length} x ${cpus()[0]!.model.trim()}, Node ${process.versions.node}`);
  if (wants('here')) {
    for (const what of ['here', 'here, again']) {
      await emptyCells(what, here(fakeKinds));
      tellMemory();
    }
  }
  if (wants('processes')) {
    for (const jobs of [1, 2]) {
      await emptyCells(`${jobs} processes`, processes({ child: fakeProcess, jobs, threads: 1 }));
    }
  }
  if (wants('redis') && hasRedis) await queues('Redis', startRedis);
  if (wants('postgres')) await queues('PostgreSQL', startPostgres);
  if (wants('runs')) await tinyRuns();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
