import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { FILES } from '../../src/cell/queue/cell-job.ts';
import { sendFiles } from '../../src/cell/queue/parcel.ts';
import { throughQueue } from '../../src/cell/queue/queue-executor.ts';
import { queueServer } from '../../src/cell/queue/queue-url.ts';
import { runSweep, sweepStatus } from '../../src/cell/sweep.ts';
import { fakeKinds, fakeSweep } from './fake-kind.ts';
import { describeOnEachServer, expectedFiles } from './on-each-server.ts';
import { digestsBelow, linesOf, scratch } from './scratch.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

describeOnEachServer(({ test, run, worker, server }) => {
  describe('a worker without the folder', () => {
    let away: WorkerProcess;
    beforeAll(() => {
      if (server() !== undefined) away = startWorkerProcess({ url: server().url });
    });
    afterAll(() => away?.end());

    test('cells travel back from it', async () => {
      const out = scratch();
      const sweep = fakeSweep({ does: ['succeed', 'fail'], seed: [1, 2] });
      expect(await run(out, sweep)).toMatchObject({ done: 2, left: 0, failed: [{ why: 'was told to fail' }, {}] });
      expect(digestsBelow(out)).toEqual(await expectedFiles(sweep));
    });

    test('a cell that crashes the process is set aside after two tries, and all others finish', async () => {
      const out = scratch();
      const sweep = fakeSweep({ does: ['crash', 'succeed'] });
      const status = await run(out, sweep);
      expect(status).toMatchObject({ done: 1, left: 0, failed: [{ options: { does: 'crash' } }] });
      expect(status.failed[0]!.why).toBe('the process that computed it ended with signal SIGKILL');
      expect(away.lines().filter(line => line.includes('ended with signal SIGKILL'))).toHaveLength(2);
    });

    test('pieces of a worker that was lost while it sent are removed, and its cell arrives whole', async () => {
      const out = scratch();
      const sweep = fakeSweep({ seed: [1] }, { bytes: 1_200_000 });
      const files = queueServer(server().url).queue(FILES);
      onTestFinished(() => files.close());
      const lost = scratch();
      writeFileSync(join(lost, 'weights.bin'), Buffer.alloc(3_000_000));
      let checks = 0;
      const check = async () => {
        if (++checks > 5) throw new Error('lost');
      };
      await expect(sendFiles({ folder: lost, cell: sweep.cells[0]!, check }, files)).rejects.toThrow('lost');
      expect(await files.getJobCountByTypes('waiting')).toBe(4);
      expect(await run(out, sweep)).toMatchObject({ done: 1, failed: [] });
      expect(await files.getJobCountByTypes('waiting')).toBe(0);
      expect(digestsBelow(out)).toEqual(await expectedFiles(sweep));
    });
  });

  test('two sweeps of one plan at once compute every cell once, in the folder of the workers; --once ends the worker', async () => {
    const out = scratch();
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ does: ['succeed', 'fail'], seed: [1, 2, 3] }, { steps: 3, log });
    const both = [run(out, sweep), run(out, sweep)];
    const workers = [1, 2].map(() => worker({ out }));
    expect((await Promise.all(both)).map(({ done, failed }) => [done, failed.length])).toEqual([
      [3, 3],
      [3, 3],
    ]);
    expect(linesOf(log)).toHaveLength(18);
    expect(digestsBelow(out)).toEqual(await expectedFiles(sweep));
    for (const { child } of workers) child.kill('SIGTERM');
    const once = worker({ once: true });
    expect(await once.ended).toBe(0);
    expect(JSON.parse(once.lines().at(-1)!)).toEqual({ schema: 'dualform.worker/1', done: 0, failed: 0, givenBack: 0 });
  });

  test('SIGTERM gives the cell back; Ctrl-C of the sweep leaves it, and the same call joins', async () => {
    const out = scratch();
    const log = join(scratch(), 'log');
    const sweep = fakeSweep({ seed: [1] }, { steps: 40, log });
    const stop = new AbortController();
    const left = run(out, sweep, { signal: stop.signal });
    const first = worker({ out });
    while (linesOf(log).length < 3) await sleep(10);
    stop.abort(new Error('Ctrl-C'));
    await expect(left).rejects.toThrow('Ctrl-C');
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    expect(first.lines().join('\n')).toContain('given back, since this worker stops');
    const computed = linesOf(log).length;
    expect(computed).toBeLessThan(40);
    const second = worker({ out });
    expect(await run(out, sweep)).toMatchObject({ done: 1 });
    // The second worker continued where the first one stopped.
    expect(linesOf(log)).toEqual([...Array(40).keys()].map(step => `1 ${step}`));
    second.child.kill('SIGTERM');
  });

  test('a worker of another version gives the cell back, and the sweep says so', async () => {
    const out = scratch();
    const sweep = fakeSweep({ seed: [1] });
    const heard: string[] = [];
    const stop = new AbortController();
    const other = { ...sweep, cells: sweep.cells.map(cell => ({ ...cell, schema: 'fake/2' })) };
    const left = run(out, other, {
      signal: stop.signal,
      onProgress: ({ detail }) => heard.push(detail ?? ''),
    });
    const started = worker({ out });
    await started.says(/given back: the cell is of fake with fake\/2, and this version computes fake\/1/);
    while (!heard.some(detail => /1 waiting \(given back by .*: the cell is of fake/.test(detail))) await sleep(50);
    stop.abort(new Error('enough'));
    await expect(left).rejects.toThrow('enough');
    started.child.kill('SIGTERM');
    expect(await sweepStatus(out, fakeKinds)).toMatchObject({ done: 0, left: 1 });
  });

  test('a worker without the model gives the cell back and says so; one with it computes it', async () => {
    const out = scratch();
    const waiting: string[] = [];
    const going = run(out, fakeSweep({ group: ['a'] }), {
      onProgress: ({ detail }) => detail?.includes('waiting') && waiting.push(detail),
    });
    const other = worker({ out, env: { DUALFORM_TEST_MODEL: 'b' }, offerAgainMs: { refused: 500 } });
    await other.says(/given back: the model here has the digest b, and the cell names a$/m);
    while (waiting.length === 0) await sleep(50);
    await other.end();
    const right = worker({ out });
    expect(await going).toMatchObject({ done: 1, failed: [] });
    await right.says(/done in/);
    expect(waiting[0]).toMatch(/^1 waiting \(given back by .*: the model/);
    expect(digestsBelow(out)).toEqual(await expectedFiles(fakeSweep({ group: ['a'] })));
    right.child.kill('SIGTERM');
  });

  test('a machine whose clock differs from that of the server is refused', async () => {
    const now = Date.now;
    onTestFinished(() => {
      Date.now = now;
    });
    for (const [jump, side] of [
      [60_000, 'ahead of'],
      [-60_000, 'behind'],
    ] as const) {
      Date.now = () => now() + jump;
      const going = run(scratch(), fakeSweep({ seed: [1] }));
      await expect(going).rejects.toThrow(`the clock of this machine is 60 s ${side} that of the server; set it`);
      Date.now = now;
    }
  });
});

test.each(['postgres://a:secret@127.0.0.1:1/x', 'redis://:secret@127.0.0.1:1'])(
  'a server that is away, %s: the sweep says what it waits for, and gives up',
  async url => {
    const heard: string[] = [];
    const executor = throughQueue({ url, kinds: fakeKinds, patienceMs: 800 });
    const going = runSweep(fakeSweep({ seed: [1] }), { out: scratch(), executor, onWarning: line => heard.push(line) });
    await expect(going).rejects.toThrow(/127\.0\.0\.1:1.*: not reachable for \d s/);
    expect(heard[0]).toMatch(/^waiting for .*127\.0\.0\.1:1.*, at most 1 s$/);
    expect(heard.join()).not.toContain('secret');
  },
);
