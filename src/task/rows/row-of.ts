import { UserError } from '../../error.ts';
import type { Row } from '../row.ts';
import type { TaskFile } from '../task-file.ts';
import { noColumn, type TableRow } from './table.ts';

/**
 * Converts a row of a file to a row of the task.
 *
 * @throws UserError naming file and line, and a column that is missing or of another type
 */
export function rowOf({ values, where }: TableRow, id: number, file: TaskFile): Row {
  const fields = [...file.columns].map(([field, column]) => {
    const note = field === column ? ', which the template asks for' : `, the column of {${field}}`;
    const value = columnValue(values, column, where, file.labelColumn, note);
    if (typeof value !== 'string') throw new UserError(`${where}: field "${column}" must be a text`);
    return [field, value] as const;
  });
  return { id, fields: Object.fromEntries(fields), label: labelOf(values, where, file) };
}

function columnValue(
  values: TableRow['values'],
  column: string,
  where: string,
  labelColumn: string,
  note: string,
): unknown {
  if (Object.hasOwn(values, column)) return values[column];
  const names = Object.keys(values).filter(name => name !== labelColumn);
  throw new UserError(`${where}: ${noColumn('field', column, names, note)}`);
}

function labelOf(
  values: TableRow['values'],
  where: string,
  { labels, labelIds, labelNames, labelColumn }: TaskFile,
): number {
  const label = Object.hasOwn(values, labelColumn) ? values[labelColumn] : undefined;
  if (label === undefined) throw new UserError(`${where}: there is no "${labelColumn}"`);
  const whole = typeof label === 'bigint' || (typeof label === 'number' && Number.isInteger(label));
  const shown = whole ? String(label) : JSON.stringify(label);
  const text = whole ? String(label) : label;
  const named = typeof text === 'string' ? labelIds.get(text) : undefined;
  const numbered = typeof text === 'string' && /^(?:0|[1-9]\d{0,8})$/.test(text) ? Number(text) : labels.length;
  const id = named ?? (numbered < labels.length ? numbered : undefined);
  if (id === undefined) {
    const names = [...labelIds.keys()].map(name => `"${name}"`).join(', ');
    throw new UserError(`${where}: label ${shown} is not one of 0 to ${labels.length - 1} or ${names}`);
  }
  // Label words may be numbers, as in a rating from 1 to 5.
  if (named !== undefined && numbered < labels.length && numbered !== named && !labelNames?.includes(text as string)) {
    throw new UserError(
      `${where}: label ${shown} may be the place ${shown} or the word "${text}"; say with labelNames how the rows name the labels`,
    );
  }
  return id;
}
