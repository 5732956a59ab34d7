import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../error.ts';
import type { Hooks } from '../hooks.ts';
import { type Cell, nameOfCell } from './cell.ts';
import { CellCrash, type CellModule, type CellProcess, startCellProcess } from './cell-process.ts';
import type { Executor } from './executor.ts';
import { kindOf } from './kind.ts';
import { LOOK_AGAIN_MS } from './look-again.ts';
import { leaveWork } from './work-folder.ts';

/** A cell that ends the process that computes it is tried so often. */
export const TRIES = 2;

export interface ProcessesOptions extends Pick<Hooks, 'device' | 'offline'> {
  readonly child: CellModule;
  /** Processes at once. */
  readonly jobs: number;
  /** Of each process. */
  readonly threads: number | undefined;
}

/** Computes cells in child processes, `jobs` at once. A cell that crashes two of them is set aside. */
export function processes({ child, jobs, threads, device, offline }: ProcessesOptions): Executor {
  return async (cells, root, { signal, onStart, onFinished, onWaiting, onNote }) => {
    const queue = [...cells];
    const tries = new Map<string, number>();
    const failed = new AbortController();
    const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;

    /** @returns whether the cell is finished */
    async function computeOne(cell: Cell, computing: CellProcess): Promise<boolean> {
      onStart?.(cell, `process ${computing.pid}`);
      try {
        const outcome = await computing.compute(cell, root, { signal: stop });
        if (outcome.status === 'done' || outcome.status === 'failed') {
          await onFinished?.(cell, outcome);
          return true;
        }
        onWaiting?.(cell, outcome.why);
        await sleep(LOOK_AGAIN_MS, undefined, { signal: stop });
      } catch (error) {
        if (!(error instanceof CellCrash)) throw error;
        const count = (tries.get(nameOfCell(cell)) ?? 0) + 1;
        tries.set(nameOfCell(cell), count);
        if (count >= TRIES) {
          const crashed = new UserError(`${error.message}, ${TRIES} times`);
          await onFinished?.(cell, await kindOf(cell.kind, child.kinds).storeIn(root).setAside(cell, crashed));
          return true;
        }
        onWaiting?.(cell, `${error.message}; it is tried once more`);
      }
      return false;
    }

    async function work(): Promise<void> {
      let computing: CellProcess | undefined;
      try {
        for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
          stop.throwIfAborted();
          computing ??= startCellProcess(child, { threads, device, offline }, onNote);
          if (!(await computeOne(cell, computing))) queue.push(cell);
          if (computing.ended()) computing = undefined;
        }
      } finally {
        await computing?.close();
      }
    }

    const stopOthers = (error: unknown) => failed.abort(error);
    const workers = Array.from({ length: Math.min(jobs, cells.length) }, () => work().catch(stopOthers));
    await Promise.all(workers);
    await leaveWork(root);
    signal?.throwIfAborted();
    if (failed.signal.aborted) throw failed.signal.reason;
  };
}
