import { resolve } from 'node:path';
import { UserError } from '../error.ts';
import type { Hooks } from '../hooks.ts';
import { type Cell, nameOfCell } from './cell.ts';
import type { Executor } from './executor.ts';
import type { Kinds, SweepKind } from './kind.ts';
import type { Finished } from './outcome.ts';
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
}

export interface SweepOptions extends Pick<Hooks, 'signal' | 'onProgress' | 'onWarning'> {
  readonly out: string;
  /** Computes what is missing. */
  readonly executor: Executor;
  /** Computes only every n-th cell, from the i-th on. */
  readonly shard?: Shard | undefined;
  /** Computes again what failed earlier. */
  readonly retryFailed?: boolean | undefined;
}

/** i of n, from 1 on. */
export interface Shard {
  readonly index: number;
  readonly count: number;
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
  const root = resolve(options.out);
  await claimSweepFolder(root, sweep);
  if (retryFailed) await forgetFailures(root, sweep.cells);
  const mine = shard === undefined ? sweep.cells : sweep.cells.filter((_, i) => i % shard.count === shard.index - 1);
  const finished = await finishedNames(root);
  const missing = inGroups(
    mine.filter(cell => !finished.has(nameOfCell(cell))),
    sweep,
  );
  const tally = tallyOf(mine.length, mine.length - missing.length, onProgress);
  try {
    await executor(missing, root, {
      signal,
      ...tally,
      onFinished: (cell, outcome) => {
        tally.onFinished(cell, outcome);
        const note = outcome.status === 'failed' ? `failed: ${outcome.why}` : outcome.note;
        if (note !== undefined) onWarning?.(`${describe(cell, sweep.plan)}: ${note}`);
      },
      onNote: message => onWarning?.(message),
    });
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
      if (outcome?.status === 'failed') failed++;
      done++;
      report();
    },
  };
}

/** Cells of one group together, groups in the order of their first cells. */
export function inGroups(cells: readonly Cell[], { kind }: Sweep): readonly Cell[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const group = kind.groupOf(cell.options);
    const others = groups.get(group);
    if (others === undefined) groups.set(group, [cell]);
    else others.push(cell);
  }
  return [...groups.values()].flat();
}

/** How far the sweep in a folder is. */
export async function sweepStatus(folder: string, kinds: Kinds<SweepKind>): Promise<SweepStatus> {
  const root = resolve(folder);
  return statusOf(root, await openSweepFolder(root, kinds));
}

async function statusOf(root: string, { plan, cells }: Sweep): Promise<SweepStatus> {
  const finished = await finishedNames(root);
  const failed: SweepStatus['failed'][number][] = [];
  let done = 0;
  for (const cell of cells) {
    const name = nameOfCell(cell);
    const found = finished.has(name) ? await sweepStore(root).find(cell) : undefined;
    if (found?.status === 'done') done++;
    if (found?.status === 'failed') failed.push({ cell: name, options: cell.options, why: found.why });
  }
  return {
    schema: 'dualform.sweep-status/1',
    folder: root,
    command: plan.command,
    cells: cells.length,
    done,
    failed,
    left: cells.length - done - failed.length,
  };
}

/** @throws UserError unless the text is i/n with 1 <= i <= n */
export function readShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (index === undefined || count === undefined || index < 1 || index > count) {
    throw new UserError('must be i/n, as in 2/8', { option: 'shard', value: text });
  }
  return { index, count };
}
