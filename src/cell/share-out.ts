import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../hooks.ts';
import type { Cell } from './cell.ts';
import type { CellEvents } from './executor.ts';
import { LOOK_AGAIN_MS } from './look-again.ts';
import type { Outcome } from './outcome.ts';
import { leaveWork } from './work-folder.ts';

/** Computes one cell at a time. */
export interface CellWorker {
  compute(
    cell: Cell,
    options: {
      readonly signal: AbortSignal;
      readonly onStart: (where: string) => void;
      readonly onProgress: (progress: Progress) => void;
    },
  ): Promise<Outcome>;
  close(): Promise<void>;
}

/**
 * Lets `jobs` workers compute cells below `root`. A cell that cannot be computed yet is tried again
 * after the others. The first error stops all workers.
 */
export async function shareOut(
  cells: readonly Cell[],
  root: string,
  { jobs, signal, ...events }: CellEvents & { readonly jobs: number; readonly signal?: AbortSignal | undefined },
  openWorker: () => CellWorker,
): Promise<void> {
  const queue = [...cells];
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;

  async function work(): Promise<void> {
    const worker = openWorker();
    try {
      for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
        stop.throwIfAborted();
        await computeOne(worker, cell);
      }
    } finally {
      await worker.close();
    }
  }

  async function computeOne(worker: CellWorker, cell: Cell): Promise<void> {
    const outcome = await worker.compute(cell, {
      signal: stop,
      onStart: where => events.onStart?.(cell, where),
      onProgress: progress => events.onProgress?.(cell, progress),
    });
    if (outcome.status === 'done' || outcome.status === 'failed') {
      await events.onFinished?.(cell, outcome);
      return;
    }
    events.onWaiting?.(cell, outcome.why);
    queue.push(cell);
    await sleep(LOOK_AGAIN_MS, undefined, { signal: stop });
  }

  const workers = Array.from({ length: Math.min(jobs, cells.length) }, () =>
    work().catch(error => failed.abort(error)),
  );
  await Promise.all(workers);
  await leaveWork(root);
  if (failed.signal.aborted) throw failed.signal.reason;
  signal?.throwIfAborted();
}
