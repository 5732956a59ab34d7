/** @file The result of a study: a pure function of its plan and of the records of its cells. */
import { benjaminiHochberg } from '../../statistics/benjamini-hochberg.ts';
import { type Bounds, withoutSpread } from '../../statistics/interval.ts';
import { type MeanDifference, meanWithInterval, pairedT } from '../../statistics/paired-t.ts';
import { meanOfEach } from '../means.ts';
import type { CellRecord } from './cell-record.ts';
import { type Eta, type MomentumPlan, nameOf, type TaskName } from './plan.ts';
import type { Baseline, Curve, Measure, TableName, Trainee } from './trainee.ts';

/** The comparison of a row of a table with plain attention in one column. */
export interface Comparison extends MeanDifference {
  /**
   * p, adjusted for all comparisons of the table that have one (Benjamini and Hochberg); null where
   * p is.
   */
  readonly adjusted: number | null;
}

/** A measure over the seeds. */
export interface Entry {
  /** Null, with `why`, where fewer than two seeds have a number. */
  readonly mean: number | null;
  /** Interval of the mean; null, with `why`, where all seeds have the same number. */
  readonly low: number | null;
  readonly high: number | null;
  readonly why?: string;
  /** In the order of the seeds; null where training diverged. */
  readonly values: readonly (number | null)[];
  /** Minus plain attention, paired by seed; absent for plain attention itself. */
  readonly difference?: Comparison;
}

export interface Table {
  readonly name: TableName;
  readonly columns: readonly (Measure & { readonly task: TaskName })[];
  /** One for each eta, plain attention (0) first. */
  readonly rows: readonly { readonly eta: Eta; readonly entries: readonly Entry[] }[];
  /** Null where the baseline has no such measure. */
  readonly baselines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

/** Mean and interval over the seeds along an axis. */
export interface CurveResult extends Curve {
  readonly task: TaskName;
  readonly series: readonly {
    readonly eta: Eta;
    /** Null where fewer than two seeds have a number. */
    readonly points: readonly (({ readonly mean: number } & Bounds) | null)[];
  }[];
  readonly baselines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

export interface MomentumResult {
  readonly schema: 'dualform.momentum/1';
  readonly signature: string;
  readonly etas: readonly Eta[];
  readonly seeds: readonly number[];
  readonly tasks: MomentumPlan['tasks'];
  /** Confidence of intervals and differences. */
  readonly confidence: 0.95;
  readonly tables: readonly Table[];
  readonly curves: readonly CurveResult[];
  /** Learned etas, mean over the seeds: [layers][heads]. */
  readonly learned: readonly { readonly task: TaskName; readonly eta: readonly (readonly number[])[] }[];
  /** Cells whose training diverged. */
  readonly diverged: readonly string[];
}

type Described = Pick<Trainee, 'task' | 'measures' | 'curves'> & { readonly baselines: readonly Baseline[] };
type RecordsOf = (task: TaskName, eta: Eta) => readonly CellRecord[];

/** @param records of all cells of the plan, in any order */
export function foldResult(
  plan: MomentumPlan,
  signature: string,
  tasks: readonly Described[],
  records: readonly CellRecord[],
): MomentumResult {
  const cells = new Map(records.map(record => [nameOf(record), record]));
  const recordsOf: RecordsOf = (task, eta) => plan.seeds.map(seed => cells.get(nameOf({ task, eta, seed }))!);
  return {
    schema: 'dualform.momentum/1',
    signature,
    etas: plan.etas,
    seeds: plan.seeds,
    tasks: plan.tasks,
    confidence: 0.95,
    tables: TABLES.map(name => foldTable(name, plan.etas, tasks, recordsOf)).filter(table => table.columns.length > 0),
    curves: tasks.flatMap(task => task.curves.map(curve => foldCurve(curve, plan.etas, task, recordsOf))),
    learned: tasks.flatMap(({ task }) => {
      const tables = plan.etas.includes('learned')
        ? recordsOf(task, 'learned').flatMap(({ learned }) => (learned === undefined ? [] : [learned]))
        : [];
      if (tables.length === 0) return [];
      return [{ task, eta: tables[0]!.map((_, layer) => meanOfEach(tables.map(table => table[layer]!))) }];
    }),
    diverged: records.flatMap(({ why }) => (why === undefined ? [] : [why])).sort(),
  };
}

const TABLES: readonly TableName[] = ['perplexity', 'in-context', 'classification', 'training'];

function foldTable(name: TableName, etas: readonly Eta[], tasks: readonly Described[], recordsOf: RecordsOf): Table {
  const columns = tasks.flatMap(({ task, measures }) =>
    measures.filter(({ table }) => table === name).map(measure => ({ ...measure, task })),
  );
  const baselineNames = [...new Set(tasks.flatMap(({ baselines }) => baselines.map(each => each.name)))];
  const entries = etas.map(eta => columns.map(column => entryOf(column, eta, recordsOf)));
  const differences = entries.flat().flatMap(({ difference }) => difference ?? []);
  const adjusted = benjaminiHochberg(differences.map(({ p }) => p));
  const adjust = new Map(differences.map((difference, i) => [difference, adjusted[i]!]));
  return {
    name,
    columns,
    rows: etas.map((eta, i) => ({
      eta,
      entries: entries[i]!.map(({ difference, ...entry }) => ({
        ...entry,
        ...(difference && { difference: { ...difference, adjusted: adjust.get(difference)! } }),
      })),
    })),
    baselines: baselineNames.flatMap(baseline => {
      const values = columns.map(({ task, name: measure }) => {
        const known = tasks.find(each => each.task === task)!.baselines.find(each => each.name === baseline);
        return known?.measures[measure] ?? null;
      });
      return values.every(value => value === null) ? [] : [{ name: baseline, values }];
    }),
  };
}

function entryOf(
  { name, task }: Table['columns'][number],
  eta: Eta,
  recordsOf: RecordsOf,
): Omit<Entry, 'difference'> & { readonly difference?: MeanDifference } {
  const values = recordsOf(task, eta).map(({ measures }) => measures?.[name] ?? null);
  const mean = meanWithInterval(values.filter(value => value !== null));
  if (mean === null) return { mean: null, low: null, high: null, values, why: 'fewer than two seeds have a number' };
  const { error: _, ...known } = mean;
  const entry = { ...known, values };
  if (eta === 0) return entry;
  const plain = recordsOf(task, 0).map(({ measures }) => measures?.[name] ?? null);
  const pairs = values.flatMap((value, i) => (value === null || plain[i] == null ? [] : [[value, plain[i]!] as const]));
  const difference = compare(
    pairs.map(([value]) => value),
    pairs.map(([, value]) => value),
  );
  return difference === null ? entry : { ...entry, difference };
}

/**
 * The paired t test; without a spread, `why` says what the models have in common.
 */
function compare(values: readonly number[], plain: readonly number[]): MeanDifference | null {
  const found = pairedT(values, plain);
  if (found === null || found.p !== null) return found;
  const why = withoutSpread([...values, ...plain])
    ? 'every model gives the same answer'
    : `${found.difference === 0 ? 'the same as plain attention' : 'the same difference'} with every seed`;
  return { ...found, why };
}

function foldCurve(
  curve: Curve,
  etas: readonly Eta[],
  { task, baselines }: Described,
  recordsOf: RecordsOf,
): CurveResult {
  const series = etas.flatMap(eta => {
    const all = recordsOf(task, eta).map(({ curves }) => curves[curve.name]);
    const points = curve.x.values.map((_, i) => {
      const known = all.flatMap(values => values?.[i] ?? []);
      const found = meanWithInterval(known);
      if (found === null) return null;
      const { error, ...point } = found;
      return point;
    });
    return points.every(point => point === null) ? [] : [{ eta, points }];
  });
  return {
    ...curve,
    task,
    series,
    baselines: baselines.flatMap(({ name, curves }) => {
      const values = curves[curve.name];
      return values === undefined ? [] : [{ name, values }];
    }),
  };
}
