import { join, relative, resolve } from 'node:path';
import type { Cell } from '../../cell/cell.ts';
import type { MakeExecutor } from '../../cell/executor.ts';
import { followOne } from '../../cell/follow-one.ts';
import { here } from '../../cell/here.ts';
import { UserError } from '../../error.ts';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { checkOptions } from '../../options.ts';
import { Interrupted } from '../interrupted.ts';
import type { ExperimentOptions } from '../options.ts';
import { type Prepared, prepare } from '../prepare.ts';
import type { ExperimentResult } from '../result.ts';
import { type RunResult, runPrepared } from '../run.ts';
import { type SharedModel, shareModel } from '../shared-model.ts';
import { taskCell, taskKind } from './cell-kind.ts';
import { type ComparedFigure, measuredFigure, type PaperComparison } from './comparison.ts';
import { type TableWishes, tableOptions } from './options.ts';
import { type FigureName, PAPER_FIGURES, type PaperFigure, paperTasks, SOURCES } from './paper.ts';

/** `out` holds a run folder for each task, under its name. */
export interface TableOptions extends TableWishes, Hooks {
  /** Computes the tasks that are not finished; `here` unless given. */
  readonly executor?: MakeExecutor | undefined;
  /** Hears which task begins. */
  readonly onTask?: ((task: string, index: number, count: number) => void) | undefined;
}

/** A number of a table, in the units of `result.json`: accuracies as shares, Rec2FTP in percent. */
export interface TableEntry {
  readonly task: string;
  /** Null with `why`. */
  readonly measured: number | null;
  readonly why?: string;
  /** Of Rec2FTP. */
  readonly numerator?: number | null;
  readonly denominator?: number | null;
  /** These are present where a preset was requested. */
  readonly paper?: number;
  /** Measured less paper. */
  readonly difference?: number | null;
  readonly reproduction?: ComparedFigure['reproduction'];
}

/** A row of one of the paper's tables: a figure over all tasks. */
export interface TableRow {
  readonly name: FigureName;
  readonly entries: readonly TableEntry[];
  /**
   * Mean over the tasks, where the paper prints one and, next to the paper, all its tasks are there.
   */
  readonly average?: Pick<TableEntry, 'measured' | 'why' | 'paper' | 'difference'>;
}

/** Tables 1 to 5 of the paper for one model. */
export interface ResultTable {
  readonly schema: 'dualform.table/1';
  readonly model: ExperimentResult['model'];
  /** Null for a table of measured numbers alone. */
  readonly preset: PaperComparison['preset'] | null;
  readonly tasks: readonly string[];
  readonly tables: readonly { readonly number: PaperFigure['table']; readonly rows: readonly TableRow[] }[];
  readonly runs: readonly TableRun[];
  /** Where the paper's figures come from. */
  readonly sources?: typeof SOURCES;
}

export interface TableRun
  extends Pick<ExperimentResult['task'], 'shots' | 'seed' | 'examples'>,
    Partial<Pick<PaperComparison, 'trainingRows' | 'sameDemonstrations' | 'departures'>> {
  readonly task: string;
  readonly signature: string;
  /** Absolute. */
  readonly folder: string;
  readonly learningRate: number | null;
}

/**
 * The paper's tables 1 to 5 for a model, which is loaded once: runs every task, or takes it from its
 * run folder where it is finished. Interrupted, the same call resumes. All choices are made, and
 * refused, before the first task is computed.
 *
 * @throws UserError as runExperiment
 * @throws Interrupted after `signal`
 */
export async function runTable(options: TableOptions = {}): Promise<ResultTable> {
  const { executor = here, onTask, ...others } = options;
  const { hooks, wishes } = splitHooks(others);
  const { tasks, ...ofEachRun } = checkOptions(tableOptions, wishes);
  const root = resolve(hooks.out ?? 'runs');
  const shared = shareModel();
  try {
    const parts = await prepareAll(tasks, ofEachRun, hooks, shared);
    const kind = taskKind({ prepared: new Map(parts.map(({ folder, prepared }) => [folder, prepared])), shared });
    const read = ({ folder, prepared }: Part, onWarning: Hooks['onWarning']) =>
      runPrepared(async () => prepared, { ...hooks, onWarning, out: join(root, folder) }, shared);
    const runs = new Map<Part, RunResult>();
    for (const part of parts) {
      const stored = await kind.storeIn(root).find(part.cell);
      if (stored !== undefined) runs.set(part, await read(part, hooks.onWarning));
    }
    const missing = parts.filter(part => !runs.has(part));
    const partOf = (cell: Cell) => parts.findIndex(part => part.cell === cell);
    await executor(new Map([[kind.name, kind]]), hooks)(
      missing.map(({ cell }) => cell),
      root,
      {
        ...followOne(hooks.onProgress),
        signal: hooks.signal,
        onStart: cell => onTask?.(parts[partOf(cell)]!.prepared.task.name, partOf(cell), parts.length),
        onNote: hooks.onWarning,
      },
    );
    for (const part of missing) runs.set(part, await read(part, undefined));
    return makeTable(parts.map(part => runs.get(part)!));
  } catch (cause) {
    if (!hooks.signal?.aborted || cause instanceof Interrupted) throw cause;
    const place = relative('.', root) || root;
    throw new Interrupted(`interrupted; finished tasks are kept in ${place}; the same command resumes`, {
      folder: root,
      cause,
    });
  } finally {
    await shared.close();
  }
}

/** A task of the table. */
interface Part {
  readonly prepared: Prepared;
  /** Below that of the table. */
  readonly folder: string;
  readonly cell: Cell;
}

async function prepareAll(
  tasks: readonly string[],
  wishes: Omit<ExperimentOptions, 'task'>,
  options: Hooks,
  shared: SharedModel,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  try {
    for (const task of tasks) {
      options.signal?.throwIfAborted();
      const wish = { ...wishes, task };
      const prepared = await prepare(wish, options, asked => shared.open(asked, options));
      const folder = options.out === undefined ? prepared.signature : prepared.task.name;
      parts.push({ prepared, folder, cell: taskCell(folder, wish) });
    }
  } catch (cause) {
    if (!options.signal?.aborted) throw cause;
    throw new Interrupted('interrupted before the first run began', { cause });
  }
  requireDistinct(parts.map(({ prepared }) => prepared.task.name));
  return parts;
}

function requireDistinct(names: readonly string[]): void {
  if (names.length === 0) throw new UserError('is empty', { option: 'tasks', remedy: 'name one' });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UserError(`${twice} appears twice`, { option: 'tasks' });
}

/** Puts finished runs of one model side by side. */
export function makeTable(runs: readonly Pick<RunResult, 'result' | 'paper' | 'folder'>[]): ResultTable {
  const [{ result, paper }] = runs as [RunResult, ...RunResult[]];
  const numbers = [...new Set(PAPER_FIGURES.map(({ table }) => table))];
  return {
    schema: 'dualform.table/1',
    model: result.model,
    preset: paper?.preset ?? null,
    tasks: runs.map(run => run.result.task.name),
    tables: numbers.map(number => ({
      number,
      rows: PAPER_FIGURES.filter(({ table }) => table === number).map(figure => tableRow(figure, runs)),
    })),
    runs: runs.map(tableRun),
    ...(paper && { sources: SOURCES }),
  };
}

function tableRow(figure: PaperFigure, runs: readonly Pick<RunResult, 'result' | 'paper'>[]): TableRow {
  const { name, average } = figure;
  const entries = runs.map(({ result, paper }) => tableEntry(name, result, paper));
  const size = runs[0]?.paper?.preset.size;
  const complete = size === undefined ? runs.length > 1 : runs.length === paperTasks.length;
  if (average === undefined || !complete) return { name, entries };
  const measured = entries.map(entry => entry.measured).filter(value => value !== null);
  const value = measured.length < runs.length ? null : measured.reduce((sum, x) => sum + x, 0) / runs.length;
  return {
    name,
    entries,
    average: {
      measured: value,
      ...(value === null && { why: 'undefined for a task' }),
      ...(size && { paper: average[size], difference: value === null ? null : value - average[size] }),
    },
  };
}

function tableEntry(name: FigureName, result: ExperimentResult, comparison: PaperComparison | undefined): TableEntry {
  const { value: measured, why } = measuredFigure(name, result);
  const { numerator, denominator } = result.rec2ftp;
  const compared = comparison?.figures.find(figure => figure.name === name);
  return {
    task: result.task.name,
    measured,
    ...(measured === null && why !== undefined && { why }),
    ...(name === 'rec2ftp' && { numerator, denominator }),
    ...(compared && { paper: compared.paper, difference: compared.difference }),
    ...(compared?.reproduction && { reproduction: compared.reproduction }),
  };
}

function tableRun({ result, paper, folder }: Pick<RunResult, 'result' | 'paper' | 'folder'>): TableRun {
  const { name, shots, seed, examples } = result.task;
  return {
    task: name,
    signature: result.signature,
    folder,
    ...{ shots, seed, examples },
    learningRate: result.finetuning.learningRate,
    ...(paper && {
      trainingRows: paper.trainingRows,
      sameDemonstrations: paper.sameDemonstrations,
      departures: paper.departures,
    }),
  };
}
