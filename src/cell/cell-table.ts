/** @file The results of a sweep as a table: one row a cell, one column a scalar. */
import { isObject, type Json } from '../files/canonical-json.ts';
import { type MeanWithInterval, meanWithInterval } from '../statistics/paired-t.ts';
import type { CellLine } from './sweep-folder.ts';

export type Scalar = null | boolean | number | string;

/** Columns are named by their JSON path in a line of cells.jsonl: `result.accuracy.zero-shot`. */
export interface CellTable {
  readonly columns: readonly string[];
  /** For each column, the values of all cells; null where a cell has no such value. */
  readonly values: readonly (readonly Scalar[])[];
  /** Cells. */
  readonly rowCount: number;
}

/**
 * Reads lines once, one after the other: the table of all their scalars, and the means over seeds.
 * Lists of plain values, as those over layers, are left out.
 *
 * @param paths of the numbers whose means are asked for, in the results
 */
export async function tabulate(
  lines: Iterable<CellLine> | AsyncIterable<CellLine>,
  paths: readonly string[],
): Promise<{ readonly table: CellTable; readonly means: readonly SeedMeans[] }> {
  const [columns, groups] = [collectColumns(), collectGroups(paths)];
  for await (const line of lines) {
    columns.add(line);
    groups.add(line);
  }
  return { table: columns.table(), means: groups.means() };
}

/** Column by column: an array of numbers alone takes a third of the memory of rows. */
function collectColumns() {
  const columns = new Map<string, Scalar[]>();
  let rowCount = 0;
  const fill = (values: Scalar[]) => {
    while (values.length < rowCount) values.push(null);
  };
  return {
    add: (line: CellLine) => {
      eachScalar(line as unknown as Json, '', (path, value) => {
        const values = columns.get(path) ?? [];
        if (values.length === 0) columns.set(path, values);
        fill(values);
        values[rowCount] = value;
      });
      rowCount++;
    },
    table: (): CellTable => {
      for (const values of columns.values()) fill(values);
      // A column that is null or missing everywhere has no type.
      const filled = [...columns].filter(([, values]) => values.some(value => value !== null));
      return { columns: filled.map(([path]) => path), values: filled.map(([, values]) => values), rowCount };
    },
  };
}

function eachScalar(value: Json, path: string, take: (path: string, value: Scalar) => void): void {
  if (value === null || typeof value !== 'object') take(path, value);
  else if (isObject(value)) {
    for (const key in value) eachScalar(value[key]!, path === '' ? key : `${path}.${key}`, take);
  } else {
    for (const [i, part] of value.entries()) if (isObject(part)) eachScalar(part, `${path}[${i}]`, take);
  }
}

/** Cells that differ only in their seed, with the mean of each figure over the seeds. */
export interface SeedMeans {
  readonly options: CellLine['options'];
  readonly seeds: number;
  /** In the order of `paths`; null where no cell has the number. */
  readonly figures: readonly (
    | MeanWithInterval
    | { readonly mean: number; readonly low: null; readonly high: null }
    | null
  )[];
}

function collectGroups(paths: readonly string[]) {
  interface Group {
    readonly options: CellLine['options'];
    seeds: number;
    /** For each path. */
    readonly values: readonly number[][];
  }
  const groups = new Map<string, Group>();
  return {
    add: ({ status, options: { seed: _, ...options }, result }: CellLine) => {
      if (status !== 'done') return;
      const key = JSON.stringify(options);
      const group = groups.get(key) ?? { options, seeds: 0, values: paths.map(() => []) };
      groups.set(key, group);
      group.seeds++;
      for (const [i, path] of paths.entries()) {
        const value = valueAtPath(result, path);
        if (typeof value === 'number') group.values[i]!.push(value);
      }
    },
    means: (): readonly SeedMeans[] =>
      [...groups.values()].map(({ options, seeds, values }) => ({
        options,
        seeds,
        figures: values.map(each =>
          each.length === 0 ? null : (meanWithInterval(each) ?? { mean: each[0]!, low: null, high: null }),
        ),
      })),
  };
}

/** `accuracy.zero-shot` */
function valueAtPath(value: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((part, key) => (isObject(part) ? part[key] : undefined), value);
}

/** The rows of a table, one per cell. */
export function* rowsOf({ values, rowCount }: CellTable): Generator<readonly Scalar[]> {
  for (let i = 0; i < rowCount; i++) yield values.map(column => column[i]!);
}

/** The lines of the table as CSV (RFC 4180): numbers with all their digits, null as nothing. */
export function* csvLines(table: CellTable): Generator<string> {
  yield csvLine(table.columns);
  for (const row of rowsOf(table)) yield csvLine(row);
}

function csvLine(row: readonly Scalar[]): string {
  const fields = row.map(value => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) || (text === '' && value !== null) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${fields.join(',')}\r\n`;
}
