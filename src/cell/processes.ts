import { UserError } from '../error.ts';
import type { Hooks } from '../hooks.ts';
import { nameOfCell } from './cell.ts';
import { CellCrash, type CellModule, type CellProcess, startCellProcess } from './cell-process.ts';
import type { Executor } from './executor.ts';
import { kindOf } from './kind.ts';
import { shareOut } from './share-out.ts';

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
  return (cells, root, events) => {
    const tries = new Map<string, number>();
    return shareOut(cells, root, { ...events, jobs }, () => {
      let computing: CellProcess | undefined;
      return {
        compute: async (cell, { onStart, ...hooks }) => {
          if (computing?.ended()) computing = undefined;
          computing ??= startCellProcess(child, { threads, device, offline }, events.onNote);
          onStart(`process ${computing.pid}`);
          try {
            return await computing.compute(cell, root, hooks);
          } catch (error) {
            if (!(error instanceof CellCrash)) throw error;
            const count = (tries.get(nameOfCell(cell)) ?? 0) + 1;
            tries.set(nameOfCell(cell), count);
            if (count < TRIES) return { status: 'busy', why: `${error.message}; it is tried once more` };
            const crashed = new UserError(`${error.message}, ${TRIES} times`);
            return kindOf(cell.kind, child.kinds).storeIn(root).setAside(cell, crashed);
          }
        },
        close: async () => computing?.close(),
      };
    });
  };
}
