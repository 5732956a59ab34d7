/** @file Workers that are killed or stopped, and servers that restart, in the middle of cells. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
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
    const first = worker({ ...own });
    while (linesOf(log).length < 10) await sleep(10);
    first.child.kill('SIGKILL');
    const killed = performance.now();
    const second = worker({ ...own });
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
    const heard: string[] = [];
    const going = run(out, sweep, { onWarning: message => heard.push(message) });
    const started = worker({ out });
    while (linesOf(log).length < 5) await sleep(10);
    await server().restart();
    expect(await going).toMatchObject({ done: 4, failed: [] });
    expect(digestsBelow(out)).toEqual(await expectedFiles(sweep));
    started.child.kill('SIGTERM');
  });
});
