import {
  formatBytes,
  formatClock,
  formatCount,
  formatDecimal,
  formatFlops,
  formatPlural,
} from '../../report/format/number.ts';
import { rowName } from '../../report/momentum/momentum-charts.ts';
import type { StudyEstimate } from '../../study/momentum/estimate.ts';
import type { Comparison, MomentumResult, Table } from '../../study/momentum/result.ts';
import { betterAndWorse, isSignificant } from '../../study/momentum/verdicts.ts';
import { formatTable } from '../format/table.ts';

/** A table as rows of text, for the terminal or for a page. */
export interface TextTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const TITLES: Readonly<Record<Table['name'], string>> = {
  perplexity: 'Perplexity',
  'in-context': 'Tasks in context',
  classification: 'Accuracy of classification in context',
  training: 'Mean loss over all steps of training',
};

/** Two tables for each table of the result: means with baselines, and paired differences with intervals. */
export function momentumTables({ tables }: MomentumResult): readonly TextTable[] {
  return tables.flatMap(table => [meansOf(table), differencesOf(table)]);
}

function meansOf({ name, columns, rows, baselines }: Table): TextTable {
  const shown = (value: number | null, i: number) =>
    value === null ? '' : formatDecimal(columns[i]!.percent ? 100 * value : value, columns[i]!.digits);
  return {
    title: TITLES[name],
    head: ['', ...columns.map(headOf)],
    rows: [
      ...rows.map(({ eta, entries }) => [rowName(eta), ...entries.map(({ mean }, i) => shown(mean, i))]),
      ...baselines.map(baseline => [baseline.name, ...baseline.values.map(shown)]),
    ],
  };
}

function differencesOf({ name, columns, rows }: Table): TextTable {
  return {
    title: `${TITLES[name]}: difference to plain attention`,
    head: ['', ...columns.map(headOf)],
    rows: rows
      .filter(({ eta }) => eta !== 0)
      .map(({ eta, entries }) => [
        rowName(eta),
        ...entries.map(({ difference }, i) =>
          difference === undefined ? 'undefined' : formatChange(difference, columns[i]!),
        ),
      ]),
  };
}

function headOf({ title, percent }: Table['columns'][number]): string {
  return percent ? `${title}, %` : title;
}

/** -0.52 (-0.71 to -0.33) *, in points where the column is in percent; without an interval, the reason in its place. */
function formatChange(comparison: Comparison, { percent, digits }: Table['columns'][number]): string {
  const { difference, low, high, why } = comparison;
  const number = (x: number) => formatDecimal(percent ? 100 * x : x, digits);
  const signed = `${difference > 0 ? '+' : ''}${number(difference)}`;
  if (low === null || high === null) return difference === 0 ? why! : `${signed} (${why})`;
  return `${signed} (${number(low)} to ${number(high)})${isSignificant(comparison) ? ' *' : ''}`;
}

/** A sentence for each table: in how many columns each eta is better or worse beyond the spread over the seeds. */
export function momentumFindings({ tables, seeds }: MomentumResult): readonly string[] {
  return tables.map(table => {
    const { name, columns } = table;
    const counts = betterAndWorse(table).map(
      ({ eta, better, worse }) => `${rowName(eta)} better in ${better}, worse in ${worse}`,
    );
    return `${TITLES[name]} (${formatPlural(columns.length, 'column')}, ${formatPlural(seeds.length, 'seed')}): ${counts.join('; ')}.`;
  });
}

/** What marks and brackets mean. */
export function momentumLegend({ seeds }: Pick<MomentumResult, 'seeds'>): string {
  return `Means over ${formatPlural(seeds.length, 'seed')}. In brackets the 95 % t interval of the difference, paired by seed: the same initial weights and batches. * marks p below 0.05 after adjusting for all comparisons of the table that have a p (Benjamini and Hochberg).`;
}

/** A study for the terminal. */
export function formatMomentum(result: MomentumResult): string {
  const tables = momentumTables(result).flatMap(({ title, head, rows }) => [
    title,
    formatTable([...head], rows, { align: ['left', ...head.slice(1).map(() => 'right' as const)] }),
    '',
  ]);
  return [...tables, momentumLegend(result), '', ...momentumFindings(result), ...divergedLine(result)].join('\n');
}

function divergedLine({ diverged }: MomentumResult): string[] {
  return diverged.length === 0 ? [] : [`Left out because training diverged: ${diverged.join('; ')}.`];
}

/** The cost of a study, task by task. */
export function formatStudyEstimate({ plan, tasks, seconds, memoryBytes }: StudyEstimate): string {
  const models = tasks.reduce((sum, task) => sum + task.models, 0);
  return [
    `${formatPlural(models, 'model')}: ${formatPlural(plan.seeds.length, 'seed')}, plain attention and eta ${plan.etas.slice(1).join(', ')}; nothing was stored`,
    '',
    formatTable(
      ['task', 'models', 'tokens', 'work', 'time'],
      tasks.map(task => [
        task.task,
        formatCount(task.models),
        formatCount(task.tokens),
        formatFlops(task.flops),
        formatClock(task.seconds),
      ]),
      { align: ['left', 'right', 'right', 'right', 'right'] },
    ),
    '',
    `About ${formatClock(seconds)} in total, estimated from a model of each task, just measured on this machine. Memory: up to ${formatBytes(memoryBytes)}.`,
  ].join('\n');
}
