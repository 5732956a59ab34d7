/** @file Workers that are killed or stopped, servers that restart, clocks that step. README.md lists all faults. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { CELLS, jobOf } from '../../src/cell/queue/cell-job.ts';
import { queueServer } from '../../src/cell/queue/queue-url.ts';
import { idOfSweepFolder } from '../../src/cell/sweep-folder.ts';
import { fakeSweep } from './fake-kind.ts';
import { describeOnEachServer, expectedFiles } from './on-each-server.ts';
import { digestsBelow, linesOf, scratch } from './scratch.ts';

describeOnEachServer(({ test, run, worker, server }) => {
  test.each([
    ['in the folder of the sweep', true],
    ['away from it', false],
  ])('kill -9 of a worker %s: another computes its cell within a minute, and it is stored once', async (_, shared) => {
    const out = scratch();
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ seed: [1] }, { steps: 60, log });
    const going = run(out, sweep);
    const own = shared ? { out } : {};
    const first = worker(own);
    while (linesOf(log).length < 10) await sleep(10);
    first.child.kill('SIGKILL');
    const killed = performance.now();
    const second = worker(own);
    expect(await going).toMatchObject({ done: 1, failed: [] });
    expect((performance.now() - killed) / 1000).toBeLessThan(60);
    // Where both share the folder, the second continues; only the step at work is computed again.
    expect(linesOf(log).length).toBeLessThanOrEqual(shared ? 61 : 60 + 60);
    expect(digestsBelow(out)).toEqual(await expectedFiles(sweep));
    second.child.kill('SIGTERM');
  });

  test('a worker that wakes up after another has its cell stores nothing twice, and says so', async () => {
    const out = scratch();
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ seed: [1] }, { steps: 40, log });
    const going = run(out, sweep);
    const first = worker();
    while (linesOf(log).length < 10) await sleep(10);
    first.child.kill('SIGSTOP');
    const second = worker();
    expect(await going).toMatchObject({ done: 1, failed: [] });
    const bytes = digestsBelow(out);
    first.child.kill('SIGCONT');
    await first.says(/a late result is not used|lost the lock/);
    expect(digestsBelow(out)).toEqual(bytes);
    expect(bytes).toEqual(await expectedFiles(sweep));
    for (const { child } of [first, second]) child.kill('SIGTERM');
  });

  test('the server restarts: worker and sweep go on', async () => {
    const out = scratch();
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ seed: [1, 2, 3, 4] }, { steps: 20, log });
    const going = run(out, sweep);
    const started = worker({ out });
    while (linesOf(log).length < 5) await sleep(10);
    await server().halt();
    await server().resume();
    expect(await going).toMatchObject({ done: 4, failed: [] });
    expect(digestsBelow(out)).toEqual(await expectedFiles(sweep));
    started.child.kill('SIGTERM');
  });

  test('the server is away at the start: worker and sweep say what they wait for, and begin when it is there', async () => {
    const out = scratch();
    const sweep = fakeSweep({ seed: [1, 2] });
    await server().halt();
    const heard: string[] = [];
    const going = run(out, sweep, { onWarning: message => heard.push(message) });
    const started = worker({ out });
    await started.says(/^waiting for .*, at most 60 s$/m);
    while (heard.length === 0) await sleep(10);
    expect(heard[0]).toMatch(/^waiting for .*127\.0\.0\.1.*, at most 60 s$/);
    await server().resume();
    expect(await going).toMatchObject({ done: 2, failed: [] });
    expect(digestsBelow(out)).toEqual(await expectedFiles(sweep));
    await started.end();
  });

  test('the clocks of workers step by an hour in the middle of cells: every step is computed once', async () => {
    const out = scratch();
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ seed: [1, 2] }, { steps: 400, log });
    const going = run(out, sweep);
    const now = join(scratch(), 'now');
    const stepped = [3_600_000, -3_600_000].map(ms => worker({ out, env: { NODE_OPTIONS: clockThatSteps(ms, now) } }));
    for (const { says } of stepped) await says(/takes cells/);
    while (linesOf(log).length < 20) await sleep(10);
    writeFileSync(now, '');
    expect(await going).toMatchObject({ done: 2, failed: [] });
    expect(linesOf(log)).toHaveLength(800);
    expect(digestsBelow(out)).toEqual(await expectedFiles(sweep));
    for (const { end } of stepped) await end();
  });

  test('a cell that is delivered again when it is stored is neither computed nor stored again', async () => {
    const out = scratch();
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ seed: [1] }, { steps: 3, log });
    const started = worker({ out });
    await run(out, sweep);
    const bytes = digestsBelow(out);
    const queue = queueServer(server().url).queue(CELLS);
    onTestFinished(() => queue.close());
    const data = { cell: sweep.cells[0]!, needs: { model: 'none' }, sweep: (await idOfSweepFolder(out))! };
    for (const again of [1, 2]) {
      const { name, opts } = jobOf(data);
      await queue.add(name, data, { ...opts, jobId: `again-${again}` });
    }
    while ((await queue.getCompletedCount()) < 2) await sleep(20);
    expect(linesOf(log)).toHaveLength(3);
    expect(digestsBelow(out)).toEqual(bytes);
    await queue.obliterate({ force: true });
    await started.end();
  });

  test('the event loop of a worker never blocks for a second, even while large files travel', async () => {
    const out = scratch();
    const sweep = fakeSweep({ seed: [1, 2] }, { steps: 10, bytes: 60_000_000 });
    const away = worker();
    expect(await run(out, sweep)).toMatchObject({ done: 2, failed: [] });
    await away.end();
    const [, longest] = /blocked for at most (\d+) ms/.exec(away.lines().join('\n'))!;
    expect(Number(longest)).toBeLessThan(1000);
  });
});

/** Options of Node that let the clock of a process, and of its children, step when a file appears. */
function clockThatSteps(ms: number, file: string): string {
  const code = `import { existsSync } from 'node:fs';
    const now = Date.now;
    Date.now = () => now() + (existsSync(${JSON.stringify(file)}) ? ${ms} : 0);`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}
