/** @file The results of a sweep as a table: one row a cell, one column a scalar. */
import { isObject, type Json } from '../files/canonical-json.ts';
import { type MeanWithInterval, meanWithInterval } from '../statistics/paired-t.ts';
import type { CellLine } from './sweep-folder.ts';

export type Scalar = null | boolean | number | string;

/** Columns are named by their JSON path in a line of cells.jsonl: `result.accuracy.zero-shot`. */
export interface CellTable {
  readonly columns: readonly string[];
  /** Null where a cell has no such value. */
  readonly rows: readonly (readonly Scalar[])[];
}

/** Every scalar of the lines. Lists of plain values, as those over layers, are left out. */
export function tableOfLines(lines: readonly CellLine[]): CellTable {
  const rows = lines.map(line => new Map(scalarsOf(line as unknown as Json, '')));
  const columns = [...new Set(rows.flatMap(row => [...row.keys()]))];
  // A column that is null or missing everywhere has no type.
  const filled = columns.filter(column => rows.some(row => row.get(column) != null));
  return { columns: filled, rows: rows.map(row => filled.map(column => row.get(column) ?? null)) };
}

function* scalarsOf(value: Json, path: string): Generator<[string, Scalar]> {
  if (value === null || typeof value !== 'object') yield [path, value];
  else if (isObject(value)) {
    for (const [key, part] of Object.entries(value)) yield* scalarsOf(part, path === '' ? key : `${path}.${key}`);
  } else {
    for (const [i, part] of value.entries()) if (isObject(part)) yield* scalarsOf(part, `${path}[${i}]`);
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

/** @param paths of numbers in the results */
export function meansOverSeeds(lines: readonly CellLine[], paths: readonly string[]): readonly SeedMeans[] {
  const groups = new Map<string, { readonly options: CellLine['options']; readonly lines: CellLine[] }>();
  for (const line of lines.filter(({ status }) => status === 'done')) {
    const { seed: _, ...options } = line.options;
    const key = JSON.stringify(options);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { options, lines: [line] });
    else group.lines.push(line);
  }
  return [...groups.values()].map(({ options, lines: ofGroup }) => ({
    options,
    seeds: ofGroup.length,
    figures: paths.map(path => {
      const values = ofGroup.flatMap(({ result }) => {
        const value = valueAtPath(result, path);
        return typeof value === 'number' ? [value] : [];
      });
      if (values.length === 0) return null;
      return meanWithInterval(values) ?? { mean: values[0]!, low: null, high: null };
    }),
  }));
}

/** `accuracy.zero-shot` */
function valueAtPath(value: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((part, key) => (isObject(part) ? part[key] : undefined), value);
}

/** RFC 4180, numbers with all their digits, null as nothing. */
export function csvOf({ columns, rows }: CellTable): string {
  const cell = (value: Scalar) => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) || (text === '' && value !== null) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map(row => `${row.map(cell).join(',')}\r\n`).join('');
}
