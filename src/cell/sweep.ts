import { resolve } from 'node:path';
import type { Hooks } from '../hooks.ts';
import { inGroups } from './alike.ts';
import { type Cell, nameOfCell } from './cell.ts';
import type { Executor } from './executor.ts';
import { inOrder } from './in-order.ts';
import type { Kinds, SweepKind } from './kind.ts';
import type { Finished } from './outcome.ts';
import type { KindOfParts, PartsCount } from './parts.ts';
import { type Shard, shareOf } from './shard.ts';
import { claimSweepFolder, openSweepFolder, writeCellLines } from './sweep-folder.ts';
import { describe, type Sweep } from './sweep-plan.ts';
import { finishedNames, forgetFailures, sweepStore } from './sweep-store.ts';

/** How far a sweep is. */
export interface SweepStatus {
  readonly schema: 'dualform.sweep-status/1';
  /** Absolute. */
  readonly folder: string;
  readonly command: string;
  readonly cells: number;
  readonly done: number;
  readonly failed: readonly { readonly cell: string; readonly options: Cell['options']; readonly why: string }[];
  readonly left: number;
  /** What the cells that did not fail are computed from; null where they are computed at once. */
  readonly parts: SweepParts | null;
}

/** How far the parts of cells are. */
export interface SweepParts extends PartsCount {
  /** What they are: `arms`. */
  readonly name: string;
  /** Cells that are not begun, whose parts are not counted. */
  readonly unknownCells: number;
}

export interface SweepOptions extends Omit<Hooks, 'out'> {
  readonly out: string;
  /** Computes what is missing. */
  readonly executor: Executor;
  /** Computes only every n-th cell, from the i-th on. */
  readonly shard?: Shard | undefined;
  /** Computes again what failed earlier. */
  readonly retryFailed?: boolean | undefined;
}

/**
 * Computes the cells of a sweep that are missing in its folder. Interrupted, even killed, the same
 * call resumes.
 *
 * @throws UserError for the folder or the disk; a cell that cannot be computed is set aside instead
 * @throws the reason of `signal`
 */
export async function runSweep(sweep: Sweep, options: SweepOptions): Promise<SweepStatus> {
  const { executor, shard, retryFailed, signal, onProgress, onWarning } = options;
  const { kind } = sweep;
  const root = resolve(options.out);
  await claimSweepFolder(root, sweep);
  if (retryFailed) await forgetFailures(root, sweep.cells);
  const mine = kind.parts === undefined ? shareOf(sweep.cells, shard) : sweep.cells;
  const finished = await finishedNames(root);
  const missing = inGroups(
    mine.filter(cell => !finished.has(nameOfCell(cell))),
    ({ options: given }) => kind.groupOf(given),
  );
  const parts = missing.length === 0 ? undefined : await kind.parts?.prepare(missing, root, options);
  const tally = tallyOf(mine.length + (parts?.count ?? 0), mine.length - missing.length, onProgress);
  const events: Parameters<Executor>[2] = {
    signal,
    ...tally,
    onFinished: (cell, outcome) => {
      tally.onFinished(cell, outcome);
      if (cell.kind !== kind.name) parts?.onFinished(cell, outcome);
      // Said when the part failed.
      if (outcome.found && outcome.status === 'failed' && parts !== undefined) return;
      const note = outcome.status === 'failed' ? `failed: ${outcome.why}` : outcome.note;
      const name = cell.kind === kind.name ? describe(cell, sweep.plan) : nameOfCell(cell);
      if (note !== undefined) onWarning?.(`${name}: ${note}`);
    },
    onNote: message => onWarning?.(message),
  };
  try {
    for (const stage of parts?.stages ?? []) {
      const cells = await stage();
      if (cells.length > 0) await executor(cells, root, events);
    }
    await executor((await parts?.ready()) ?? missing, root, events);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await writeCellLines(root, sweep);
  }
  return statusOf(root, sweep);
}

/** Counts cells and reports after each change. */
function tallyOf(total: number, earlier: number, onProgress: Hooks['onProgress']) {
  const running = new Map<string, string>();
  const waiting = new Map<string, string>();
  let [done, failed] = [earlier, 0];
  const report = () => {
    const where = [...new Set(running.values())];
    const detail = [
      ...(running.size > 0
        ? [`${running.size} running (${where.slice(0, 4).join(', ')}${where.length > 4 ? ', ...' : ''})`]
        : []),
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(waiting.size > 0 ? [`${waiting.size} waiting (${[...waiting.values()].at(-1)})`] : []),
    ];
    onProgress?.({
      stage: 'sweep',
      done,
      total,
      unit: 'cells',
      ...(detail.length > 0 && { detail: detail.join(', ') }),
    });
  };
  report();
  return {
    onStart: (cell: Cell, where: string) => {
      waiting.delete(nameOfCell(cell));
      running.set(nameOfCell(cell), where);
      report();
    },
    onWaiting: (cell: Cell, why: string) => {
      running.delete(nameOfCell(cell));
      waiting.set(nameOfCell(cell), why);
      report();
    },
    onFinished: (cell: Cell, outcome?: Finished) => {
      running.delete(nameOfCell(cell));
      waiting.delete(nameOfCell(cell));
      if (outcome?.status === 'failed' && !outcome.found) failed++;
      done++;
      report();
    },
  };
}

/** How far the sweep in a folder is. */
export async function sweepStatus(folder: string, kinds: Kinds<SweepKind>): Promise<SweepStatus> {
  const root = resolve(folder);
  return statusOf(root, await openSweepFolder(root, kinds));
}

async function statusOf(root: string, { plan, kind, cells }: Sweep): Promise<SweepStatus> {
  const finished = await finishedNames(root);
  const failed: SweepStatus['failed'][number][] = [];
  const whole: Cell[] = [];
  let done = 0;
  const find = async (cell: Cell) => {
    const name = nameOfCell(cell);
    return { cell, name, found: finished.has(name) ? await sweepStore(root).find(cell) : undefined };
  };
  for await (const { cell, name, found } of inOrder(cells, find)) {
    if (found?.status === 'done') done++;
    if (found?.status === 'failed') failed.push({ cell: name, options: cell.options, why: found.why });
    else whole.push(cell);
  }
  return {
    schema: 'dualform.sweep-status/1',
    folder: root,
    command: plan.command,
    cells: cells.length,
    done,
    failed,
    left: cells.length - done - failed.length,
    parts: kind.parts === undefined ? null : await countParts(kind.parts, whole, root),
  };
}

async function countParts({ name, count }: KindOfParts, cells: readonly Cell[], root: string): Promise<SweepParts> {
  let [total, done, unknownCells] = [0, 0, 0];
  for (const cell of cells) {
    const counted = await count(cell, root);
    if (counted === undefined) unknownCells++;
    else [total, done] = [total + counted.total, done + counted.done];
  }
  return { name, total, done, unknownCells };
}
