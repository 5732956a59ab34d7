import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { work } from '../../src/cell/queue/worker.ts';
import { cellProcess } from '../../src/study/sweep/cell-kinds.ts';
import { digestsBelow } from '../cell/scratch.ts';
import { startPostgres, type TestServer } from '../cell/servers.ts';
import { dualform, newFolder, startDualform } from './dualform.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));

let server: TestServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

test('a sweep through a queue has the bytes of one without; the worker ends on SIGTERM with exit 0', async () => {
  const cwd = await newFolder();
  const base = { model: fixture('tiny-model'), task: fixture('tiny-tasks/letters.jsonl'), learningRate: 0.1, limit: 4 };
  writeFileSync(join(cwd, 'plan.json'), JSON.stringify({ command: 'run', base, grid: { seed: [1, 2, 3] } }));
  const worker = startDualform(['worker', '--queue', server.url, '--threads', '1'], { cwd });
  const sweep = await dualform(['sweep', 'plan.json', '--out', 'queue', '--queue', server.url], { cwd });
  expect(sweep.stdout).toContain('3 cells of run: 3 done, 0 failed, 0 left.');
  expect(sweep.exitCode).toBe(0);
  worker.kill('SIGTERM');
  const { stdout, stderr, exitCode } = await worker;
  expect(stdout).toBe('3 cells done, 0 failed, 0 given back.\n');
  expect(stderr).toMatch(/takes cells from postgres:\/\/dualform@127\.0\.0\.1/);
  expect(stderr.match(/^cell [0-9a-f]{16} \(run\): done in [\d.]+ s$/gm)).toHaveLength(3);
  expect(exitCode).toBe(0);
  await dualform(['sweep', 'plan.json', '--out', 'here', '--threads', '1'], { cwd });
  expect(digestsBelow(join(cwd, 'queue'))).toEqual(digestsBelow(join(cwd, 'here')));
  const [line] = readFileSync(join(cwd, 'queue/cells.jsonl'), 'utf8').split('\n');
  expect(JSON.parse(line!)).toMatchObject({ status: 'done', options: { seed: 1 } });
});

test.each([
  [['worker'], '--queue: is required'],
  [['worker', '--queue', 'mysql://x'], '--queue mysql:: must be redis://..., rediss://... or postgres://...'],
  [['sweep', 'plan.json', '--out', 'o', '--queue', 'redis://x', '--jobs', '2'], '--jobs 2: excludes --queue'],
])('%j is refused on one line', async (args, message) => {
  const cwd = await newFolder();
  writeFileSync(join(cwd, 'plan.json'), '{"command":"run"}');
  const { stdout, stderr, exitCode } = await dualform(args, { cwd });
  expect(stderr).toMatch(/^dualform: [^\n]+\n$/);
  expect(stderr).toContain(message);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
});

test('the event loop of a worker is never blocked for a second, so that its lock does not expire', async () => {
  const cwd = await newFolder();
  const base = { model: fixture('tiny-model'), task: fixture('tiny-tasks/words.jsonl'), learningRate: 0.1, limit: 60 };
  writeFileSync(join(cwd, 'plan.json'), JSON.stringify({ command: 'run', base, grid: { seed: [1, 2] } }));
  const stop = new AbortController();
  const blocked = monitorEventLoopDelay({ resolution: 10 });
  blocked.enable();
  const working = work({
    url: server.url,
    child: cellProcess,
    threads: 1,
    signal: stop.signal,
    onNote: () => undefined,
  });
  const sweep = await dualform(['sweep', 'plan.json', '--out', 'out', '--queue', server.url], { cwd });
  blocked.disable();
  stop.abort(new Error('enough'));
  expect(sweep.stdout).toContain('2 done');
  expect(await working).toMatchObject({ done: 2 });
  expect(blocked.max / 1e9).toBeLessThan(1);
});
