import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { here } from '../../src/cell/here.ts';
import { throughQueue } from '../../src/cell/queue/queue-executor.ts';
import { runSweep, type SweepOptions, sweepStatus } from '../../src/cell/sweep.ts';
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

  test.skipIf(!there)('cells travel back from a worker without the folder, and are stored by one with it', async () => {
    const [first, second] = [scratch(), scratch()];
    const sweep = fakeSweep({ does: ['succeed', 'fail'], seed: [1, 2] });
    const away = startWorker({ url: server.url });
    expect(await run(first, sweep)).toMatchObject({ done: 2, left: 0, failed: [{ why: 'was told to fail' }, {}] });
    away.child.kill('SIGTERM');
    expect(await away.ended).toBe(0);
    const shared = startWorker({ url: server.url, out: second, once: false });
    expect(await run(second, sweep)).toMatchObject({ done: 2, left: 0 });
    shared.child.kill('SIGTERM');
    expect(await shared.ended).toBe(0);
    const bytes = await expected(sweep);
    expect(digestsBelow(first)).toEqual(bytes);
    expect(digestsBelow(second)).toEqual(bytes);
  });

  test.skipIf(!there)('two sweeps of one plan at once compute every cell once; --once ends the worker', async () => {
    const out = scratch();
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ seed: [1, 2, 3, 4, 5, 6] }, { steps: 3, log });
    const both = [run(out, sweep), run(out, sweep)];
    const workers = [1, 2].map(() => startWorker({ url: server.url, out }));
    expect((await Promise.all(both)).map(({ done }) => done)).toEqual([6, 6]);
    expect(linesOf(log)).toHaveLength(18);
    for (const { child } of workers) child.kill('SIGTERM');
    const once = startWorker({ url: server.url, once: true });
    expect(await once.ended).toBe(0);
    expect(JSON.parse(once.lines().at(-1)!)).toEqual({ schema: 'dualform.worker/1', done: 0, failed: 0, givenBack: 0 });
  });

  test.skipIf(!there)(
    'SIGTERM gives the cell back; Ctrl-C of the sweep leaves it, and the same call joins',
    async () => {
      const out = scratch();
      const log = join(scratch(), 'log');
      const sweep = fakeSweep({ seed: [1] }, { steps: 40, log });
      const stop = new AbortController();
      const left = run(out, sweep, { signal: stop.signal });
      const first = startWorker({ url: server.url, out });
      while (linesOf(log).length < 3) await sleep(10);
      stop.abort(new Error('Ctrl-C'));
      await expect(left).rejects.toThrow('Ctrl-C');
      first.child.kill('SIGTERM');
      expect(await first.ended).toBe(0);
      expect(first.lines().join('\n')).toContain('given back, since this worker stops');
      const computed = linesOf(log).length;
      expect(computed).toBeLessThan(40);
      const second = startWorker({ url: server.url, out });
      expect(await run(out, sweep)).toMatchObject({ done: 1 });
      // The second worker continued where the first one stopped.
      expect(linesOf(log)).toEqual([...Array(40).keys()].map(step => `1 ${step}`));
      second.child.kill('SIGTERM');
    },
  );

  test.skipIf(!there)(
    'a cell that crashes the process is set aside after two tries, and all others finish',
    async () => {
      const out = scratch();
      const sweep = fakeSweep({ does: ['crash', 'succeed'] });
      const worker = startWorker({ url: server.url, out });
      const status = await run(out, sweep);
      expect(status).toMatchObject({ done: 1, left: 0, failed: [{ options: { does: 'crash' } }] });
      expect(status.failed[0]!.why).toBe('the process that computed it ended with signal SIGKILL');
      expect(worker.lines().filter(line => line.includes('ended with signal SIGKILL'))).toHaveLength(2);
      worker.child.kill('SIGTERM');
    },
  );

  test.skipIf(!there)(
    'a worker of another version, or without the model, gives the cell back, and the sweep says so',
    async () => {
      const out = scratch();
      const [{ plan, kind, cells }] = [fakeSweep({ seed: [1] })];
      const heard: string[] = [];
      const stop = new AbortController();
      const other: Sweep = { plan, kind, cells: cells.map(cell => ({ ...cell, schema: 'fake/2' })) };
      const left = run(out, other, {
        signal: stop.signal,
        onProgress: ({ detail }) => heard.push(detail ?? ''),
      });
      const worker = startWorker({ url: server.url, out });
      await worker.says(/given back: the cell is of fake with fake\/2, and this version computes fake\/1/);
      while (!heard.some(detail => /1 waiting \(given back by .*: the cell is of fake/.test(detail))) await sleep(50);
      stop.abort(new Error('enough'));
      await expect(left).rejects.toThrow('enough');
      worker.child.kill('SIGTERM');
      expect(await sweepStatus(out, fakeKinds)).toMatchObject({ done: 0, left: 1 });
    },
  );
});

test.each(['postgres://a:secret@127.0.0.1:1/x', 'redis://:secret@127.0.0.1:1'])(
  'a server that is away, %s: the sweep says what it waits for, and gives up',
  async url => {
    const heard: string[] = [];
    const executor = throughQueue({ url, kinds: fakeKinds, patienceMs: 1500 });
    const going = runSweep(fakeSweep({ seed: [1] }), { out: scratch(), executor, onWarning: line => heard.push(line) });
    await expect(going).rejects.toThrow(/127\.0\.0\.1:1.*: not reachable for \d s/);
    expect(heard[0]).toMatch(/^waiting for .*127\.0\.0\.1:1.*, at most 2 s$/);
    expect(heard.join()).not.toContain('secret');
  },
);
