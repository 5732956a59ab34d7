import type { Hooks, Progress } from '../hooks.ts';
import type { Cell } from './cell.ts';
import type { Kinds } from './kind.ts';
import type { Finished } from './outcome.ts';

/** What an executor tells of the cells. */
export interface CellEvents {
  /** @param where which process computes it */
  readonly onStart?: (cell: Cell, where: string) => void;
  /** How far the cell is. */
  readonly onProgress?: (cell: Cell, progress: Progress) => void;
  /** The next cell waits for it; an error that it throws stops the executor. */
  readonly onFinished?: (cell: Cell, outcome: Finished) => void | Promise<void>;
  /** The cell waits: another process computes it, or no worker can. */
  readonly onWaiting?: (cell: Cell, why: string) => void;
  /** A message for the user. */
  readonly onNote?: (message: string) => void;
}

/**
 * Computes cells and stores them below `root`; it knows nothing of what they compute. Ends when every
 * cell is stored or set aside.
 *
 * @throws UserError when the system refuses, as for a full disk
 * @throws the reason of `signal`
 */
export type Executor = (
  cells: readonly Cell[],
  root: string,
  options: CellEvents & { readonly signal?: AbortSignal | undefined },
) => Promise<void>;

/** Makes the executor of the cells of a job: `here`, or one that computes them elsewhere. */
export type MakeExecutor = (kinds: Kinds, hooks: Pick<Hooks, 'threads' | 'device' | 'offline'>) => Executor;
