/** @file Workers that are killed or stopped, and servers that restart, in the middle of cells. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { here } from '../../src/cell/here.ts';
import { throughQueue } from '../../src/cell/queue/queue-executor.ts';
import { runSweep, type SweepOptions } from '../../src/cell/sweep.ts';
import type { Sweep } from '../../src/cell/sweep-plan.ts';
import { fakeKinds, fakeSweep } from './fake-kind.ts';
import { digestsBelow, scratch, startWorker } from './scratch.ts';
import { hasRedis, startPostgres, startRedis, type TestServer } from './servers.ts';

const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);

describe.each([
  { name: 'PostgreSQL', start: startPostgres, there: true },
  { name: 'Redis', start: startRedis, there: hasRedis },
])('$name', ({ start, there }) => {
  let server: TestServer;
  beforeAll(async () => {
    if (there) server = await start();
  });
  afterAll(() => server?.stop());

  const run = (out: string, sweep: Sweep, options: Partial<SweepOptions> = {}) =>
    runSweep(sweep, { out, executor: throughQueue({ url: server.url, kinds: fakeKinds }), ...options });

  async function expected(sweep: Sweep): Promise<Readonly<Record<string, string>>> {
    const out = scratch();
    await runSweep(sweep, { out, executor: here(fakeKinds) });
    return digestsBelow(out);
  }

  test.skipIf(!there).each([
    ['in the folder of the sweep', true],
    ['away from it', false],
  ])('kill -9 of a worker %s: another computes its cell within a minute, and it is stored once', async (_, shared) => {
    const out = scratch();
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ seed: [1] }, { steps: 60, log });
    const going = run(out, sweep);
    const own = shared ? { out } : {};
    const first = startWorker({ url: server.url, ...own });
    while (linesOf(log).length < 10) await sleep(10);
    first.child.kill('SIGKILL');
    const killed = performance.now();
    const second = startWorker({ url: server.url, ...own });
    expect(await going).toMatchObject({ done: 1, failed: [] });
    expect((performance.now() - killed) / 1000).toBeLessThan(60);
    // Where both share the folder, the second continues; only the step at work is computed again.
    expect(linesOf(log).length).toBeLessThanOrEqual(shared ? 61 : 60 + 60);
    expect(digestsBelow(out)).toEqual(await expected(sweep));
    second.child.kill('SIGTERM');
  });

  test.skipIf(!there)(
    'a worker that wakes up after another has its cell stores nothing twice, and says so',
    async () => {
      const out = scratch();
      const log = join(scratch(), 'log');
      const sweep = fakeSweep({ seed: [1] }, { steps: 40, log });
      const going = run(out, sweep);
      const first = startWorker({ url: server.url });
      while (linesOf(log).length < 10) await sleep(10);
      first.child.kill('SIGSTOP');
      const second = startWorker({ url: server.url });
      expect(await going).toMatchObject({ done: 1, failed: [] });
      const bytes = digestsBelow(out);
      first.child.kill('SIGCONT');
      await first.says(/a late result is not used|lost the lock/);
      expect(digestsBelow(out)).toEqual(bytes);
      expect(bytes).toEqual(await expected(sweep));
      for (const { child } of [first, second]) child.kill('SIGTERM');
    },
  );

  test.skipIf(!there)('the server restarts: worker and sweep go on', async () => {
    const out = scratch();
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ seed: [1, 2, 3, 4] }, { steps: 20, log });
    const heard: string[] = [];
    const going = run(out, sweep, { onWarning: message => heard.push(message) });
    const worker = startWorker({ url: server.url, out });
    while (linesOf(log).length < 5) await sleep(10);
    await server.restart();
    expect(await going).toMatchObject({ done: 4, failed: [] });
    expect(digestsBelow(out)).toEqual(await expected(sweep));
    worker.child.kill('SIGTERM');
  });
});
