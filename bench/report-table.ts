import { readFileSync, writeFileSync } from 'node:fs';
import Table from 'cli-table3';

/**
 * Prints a table after the conditions of its measurement; with `place` also writes both between the
 * marks `NAME: begin` and `NAME: end` of a page of docs/. With `keys`, rows that the page has under
 * the same head and conditions stay, unless their first `keys` cells equal those of a new row.
 */
export function reportTable(
  {
    conditions,
    head,
    rows,
  }: { readonly conditions: string; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] },
  place?: { readonly page: string; readonly name: string; readonly keys?: number },
): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map(row => [...row]));
  process.stdout.write(`${conditions}\n${table}\n`);
  if (place === undefined) return;
  const above = `${conditions}\n\n${markdownTable(head, [])}`;
  const standing = place.keys === undefined ? '' : textBetweenMarks(place);
  const old = standing.startsWith(above) ? standing.slice(above.length).trim().split('\n').map(cells) : [];
  const keyOf = (row: readonly string[]) => row.slice(0, place.keys).join(' | ');
  const byKey = new Map([...old, ...rows].map(row => [keyOf(row), row]));
  writeBetweenMarks(place, `${conditions}\n\n${markdownTable(head, [...byKey.values()])}`);
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** `| a | b |` -> a, b */
function cells(line: string): readonly string[] {
  return line.slice(2, -2).split(' | ');
}

/** Replaces the text between the marks `NAME: begin` and `NAME: end` of a page of docs/. */
export function writeBetweenMarks(place: { readonly page: string; readonly name: string }, text: string): void {
  const { file, whole, between } = findMarks(place);
  writeFileSync(file, `${whole.slice(0, between.start)}${text}\n${whole.slice(between.end)}`);
}

function textBetweenMarks(place: { readonly page: string; readonly name: string }): string {
  const { whole, between } = findMarks(place);
  return whole.slice(between.start, between.end);
}

function findMarks({ page, name }: { readonly page: string; readonly name: string }) {
  const file = new URL(`../docs/${page}`, import.meta.url);
  const whole = readFileSync(file, 'utf8');
  const [begin, end] = [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->`];
  const start = whole.indexOf(begin) + begin.length;
  if (!whole.includes(begin) || !whole.includes(end, start)) throw new Error(`docs/${page} has no place for ${name}`);
  return { file, whole, between: { start, end: whole.indexOf(end, start) } };
}
