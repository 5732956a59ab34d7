import { afterAll, beforeAll, describe, test } from 'vitest';
import { here } from '../../src/cell/here.ts';
import { type QueueExecutorOptions, throughQueue } from '../../src/cell/queue/queue-executor.ts';
import { runSweep, type SweepOptions, type SweepStatus } from '../../src/cell/sweep.ts';
import type { Sweep } from '../../src/cell/sweep-plan.ts';
import { fakeKinds } from './fake-kind.ts';
import { digestsBelow, scratch, startWorker } from './scratch.ts';
import { hasRedis, startPostgres, startRedis, type TestServer } from './servers.ts';
import type { WorkerProcess, WorkerProcessOptions } from './worker-process.ts';

/** What tests of a queue use. */
export interface QueueUnderTest {
  /** Skipped where the server is not installed. */
  readonly test: typeof test | typeof test.skip;
  readonly server: () => TestServer;
  /** A sweep through the queue. */
  run(
    out: string,
    sweep: Sweep,
    options?: Partial<SweepOptions> & Partial<Pick<QueueExecutorOptions, 'kinds'>>,
  ): Promise<SweepStatus>;
  /** A worker of the queue that ends with the test. */
  worker(options?: Omit<WorkerProcessOptions, 'url'>): WorkerProcess;
}

/** Defines tests on each server that can hold queues. */
export function describeOnEachServer(define: (queue: QueueUnderTest) => void): void {
  describe.each([
    { name: 'PostgreSQL', start: startPostgres, there: true },
    { name: 'Redis', start: startRedis, there: hasRedis },
  ])('$name', ({ start, there }) => {
    let server: TestServer;
    beforeAll(async () => {
      if (there) server = await start();
    });
    afterAll(() => server?.stop());
    define({
      test: there ? test : test.skip,
      server: () => server,
      run: (out, sweep, { kinds = fakeKinds, ...options } = {}) =>
        runSweep(sweep, { out, executor: throughQueue({ url: server.url, kinds }), ...options }),
      worker: options => startWorker({ ...options, url: server.url }),
    });
  });
}

/** The files that a sweep leaves, computed in this process. */
export async function expectedFiles(sweep: Sweep): Promise<Readonly<Record<string, string>>> {
  const out = scratch();
  await runSweep(sweep, { out, executor: here(fakeKinds) });
  return digestsBelow(out);
}
