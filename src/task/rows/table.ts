import { closest } from 'fastest-levenshtein';
import { UserError } from '../../error.ts';

/** Far beyond any context; a longer line or record means a damaged file. */
export const LONGEST_LINE = 1_000_000;

/** One row of a file. */
export interface TableRow {
  /** By column: text, number, bigint, boolean, null or, in JSON, anything else. */
  readonly values: Readonly<Record<string, unknown>>;
  /** `file:line`, or `file: row N` for files without lines; for messages. */
  readonly where: string;
}

/** The message for a missing column: its name, and the nearest existing one. */
export function noColumn(what: string, name: string, names: readonly string[], note = ''): string {
  const hint = names.length === 0 ? '' : `; the nearest there is "${closest(name, [...names])}"`;
  return `there is no ${what} "${name}"${note}${hint}`;
}

/**
 * Checks the column names of a file.
 *
 * @throws UserError when a required one is missing, or two are equal
 */
export function requireColumns(where: string, names: readonly string[], wanted: readonly string[]): void {
  for (const name of wanted) {
    const count = names.filter(each => each === name).length;
    if (count === 0) throw new UserError(`${where}: ${noColumn('column', name, names)}`);
    if (count > 1) throw new UserError(`${where}: ${count} columns are called "${name}"; rename them`);
  }
}
