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
  if (place === undefined) return;
  const page = new URL(`../docs/${place.page}`, import.meta.url);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const markdown = [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
  const marked = new RegExp(`(<!-- ${place.name}: begin -->\n)[\\s\\S]*?(<!-- ${place.name}: end -->)`);
  const text = readFileSync(page, 'utf8');
  if (!marked.test(text)) throw new Error(`docs/${place.page} has no place for the table ${place.name}`);
  writeFileSync(page, text.replace(marked, `$1${conditions}\n\n${markdown}\n$2`));
}
