import { readFileSync, writeFileSync } from 'node:fs';
import Table from 'cli-table3';

/** Prints a table below what it was measured under; with `page` puts both between the marks `NAME: begin` and `NAME: end` of a page of docs/. */
export function reportTable(
  {
    conditions,
    head,
    rows,
  }: { readonly conditions: string; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] },
  place?: { readonly page: string; readonly name: string },
): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map(row => [...row]));
  process.stdout.write(`${conditions}\n${table}\n`);
  if (place !== undefined) writeBetweenMarks(place, `${conditions}\n\n${markdownTable(head, rows)}`);
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** Puts text between the marks `NAME: begin` and `NAME: end` of a page of docs/, in place of what stands there. */
export function writeBetweenMarks(
  { page, name }: { readonly page: string; readonly name: string },
  text: string,
): void {
  const file = new URL(`../docs/${page}`, import.meta.url);
  const marked = new RegExp(`(<!-- ${name}: begin -->\n)[\\s\\S]*?(<!-- ${name}: end -->)`);
  const before = readFileSync(file, 'utf8');
  if (!marked.test(before)) throw new Error(`docs/${page} has no place for ${name}`);
  writeFileSync(
    file,
    before.replace(marked, (_, begin, end) => `${begin}${text}\n${end}`),
  );
}
