import type { SeedMeans } from '../../cell/cell-table.ts';
import type { SweepKind } from '../../cell/kind.ts';
import type { SweepParts, SweepStatus } from '../../cell/sweep.ts';
import type { SweepCost } from '../../cell/sweep-cost.ts';
import { formatBytes, formatClock, formatCount, formatDecimal, formatPlural } from '../../report/format/number.ts';
import { formatTable } from '../format/table.ts';

const MOST_FAILURES = 20;

export function formatStatus({ command, cells, done, failed, left, parts, folder }: SweepStatus): string {
  const lines = [
    `${formatPlural(cells, `cell`)} of ${command}: ${formatCount(done)} done, ${formatCount(failed.length)} failed, ${formatCount(left)} left.`,
    ...(parts === null ? [] : [formatParts(parts)]),
    ...failed.slice(0, MOST_FAILURES).map(({ cell, why }) => `Failed: ${cell}: ${why}`),
  ];
  if (failed.length > MOST_FAILURES)
    lines.push(`... and ${formatPlural(failed.length - MOST_FAILURES, 'more failure')}.`);
  if (failed.length > 0) lines.push('To compute failed cells again, give --retry-failed.');
  return [...lines, `The folder is ${folder}.`].join('\n');
}

function formatParts({ name, total, done, unknownCells }: SweepParts): string {
  const stored = `${formatCount(done)} of ${formatCount(total)} ${name} stored`;
  return unknownCells === 0 ? `${stored}.` : `${stored}; ${formatPlural(unknownCells, 'cell')} not begun.`;
}

export function formatCost(
  { cells, seconds, longestSeconds, memoryBytes, diskBytes, parts }: SweepCost,
  jobs: number,
): string {
  const unknown = 'not known';
  const rows = [
    ['cells', formatCount(cells)],
    ...(parts === null ? [] : [['parts that shards share', formatCount(parts.count)]]),
    ['time, one after the other', seconds === null ? unknown : formatClock(seconds)],
    ['time of the longest cell', longestSeconds === null ? unknown : formatClock(longestSeconds)],
    ['memory of the largest cell', memoryBytes === null ? unknown : formatBytes(memoryBytes)],
    ...(jobs > 1 && memoryBytes !== null ? [[`memory of ${jobs} jobs`, formatBytes(jobs * memoryBytes)]] : []),
    ['disk', diskBytes === null ? unknown : formatBytes(diskBytes)],
  ];
  return formatTable(['', ''], rows, { align: ['left', 'right'] }).trimStart();
}

/** Means over the seeds with their 95 % t intervals: a line for each combination of the other options. */
export function formatMeans(
  means: readonly SeedMeans[],
  figures: SweepKind['figures'],
  { cells, finished }: { readonly cells: number; readonly finished: number },
): string {
  const names = [...new Set(means.flatMap(({ options }) => Object.keys(options)))];
  const varied = names.filter(name => new Set(means.map(({ options }) => JSON.stringify(options[name]))).size > 1);
  const rows = means.map(({ options, seeds, figures: values }) => [
    ...varied.map(name => text(options[name])),
    String(seeds),
    ...values.map(value => {
      if (value === null) return '';
      const mean = formatDecimal(value.mean);
      return value.low === null ? mean : `${mean} (${formatDecimal(value.low)} to ${formatDecimal(value.high!)})`;
    }),
  ]);
  const head = [...varied, 'n', ...figures.map(({ title }) => title)];
  const note = `${formatCount(finished)} of ${formatPlural(cells, 'cell')} finished. Means over seeds; in brackets 95 % t intervals.`;
  return rows.length === 0 ? note : `${formatTable(head, rows)}\n\n${note}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}
