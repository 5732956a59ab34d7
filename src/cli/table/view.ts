import { PAPER_FIGURES, type PaperFigure } from '../../run/paper/paper.ts';
import type { ResultTable, TableEntry, TableRow } from '../../run/paper/table.ts';
import { FIGURE_TITLES, formatCell, formatDifference, TABLE_TITLES } from '../format/figure.ts';
import { grouped, runsNote } from '../format/paper-notes.ts';
import { formatTable } from '../format/table.ts';

type Columns = 'measured' | 'paper' | 'reproduction';

/** The paper's tables, one under the other: a line for each figure and task. */
export function formatResultTable(table: ResultTable, notes: readonly string[]): string {
  const { model, preset, tables, runs } = table;
  const beside = preset === null ? '' : `, next to ${preset.model}`;
  return [
    `${model.name} (${model.family}, ${model.layers} layers, hidden size ${model.hiddenSize})${beside}`,
    ...tables.flatMap(({ number, rows }) => ['', `Table ${number}. ${TABLE_TITLES[number]}`, formatRows(rows, preset)]),
    ...undefinedOnes(table),
    '',
    ...runsNote(runs),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ].join('\n');
}

function formatRows(rows: readonly TableRow[], preset: ResultTable['preset']): string {
  const reproduced = rows.some(({ entries }) => entries.some(({ reproduction }) => reproduction !== undefined));
  const columns: Columns = preset === null ? 'measured' : reproduced ? 'reproduction' : 'paper';
  const counted = rows.some(({ entries }) => entries.some(({ denominator }) => denominator != null));
  const head = ['', 'task', 'measured', ...(counted ? ['rows'] : [])];
  if (columns !== 'measured') head.push('paper', 'difference');
  if (columns === 'reproduction') head.push('reproduction', 'difference');
  const lines = rows.flatMap(({ name, entries, average }) => {
    const figure = PAPER_FIGURES.find(each => each.name === name)!;
    const all = [...entries, ...(average ? [{ task: 'average', ...average }] : [])];
    return all.map((entry, i) => [i === 0 ? FIGURE_TITLES[name] : '', ...cells(figure, entry, columns, counted)]);
  });
  return formatTable(head, lines, { align: ['left', 'left', ...head.slice(2).map(() => 'right' as const)] });
}

function cells(figure: PaperFigure, entry: TableEntry, columns: Columns, counted: boolean): string[] {
  const { task, measured, numerator, denominator, paper, difference, reproduction } = entry;
  const line = [task, formatCell(figure, measured)];
  if (counted) line.push(denominator == null ? '' : `${numerator} of ${denominator}`);
  if (columns !== 'measured') {
    line.push(paper === undefined ? '' : formatCell(figure, paper), formatDifference(figure, difference ?? null));
  }
  if (columns === 'reproduction') {
    line.push(
      reproduction ? formatCell(figure, reproduction.value) : '',
      reproduction ? formatDifference(figure, reproduction.difference) : '',
    );
  }
  return line;
}

/** Why entries are undefined, those of one reason on one line. */
function undefinedOnes({ tables }: ResultTable): string[] {
  const why = tables.flatMap(({ rows }) =>
    rows.flatMap(({ name, entries }) =>
      entries.flatMap(entry =>
        entry.why === undefined ? [] : [[`${FIGURE_TITLES[name]} since ${entry.why}`, entry.task] as const],
      ),
    ),
  );
  if (why.length === 0) return [];
  return ['', ...grouped(why).map(([what, tasks]) => `Undefined: ${what} (${tasks.join(', ')}).`)];
}
