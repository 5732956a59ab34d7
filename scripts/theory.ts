/**
 * Writes the tables and figures of docs/theory.md from a folder of `dualform theory`:
 *
 *     npx dualform theory --out runs/theory
 *     npm run theory -- runs/theory
 */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatError } from '../src/cli/theory/view.ts';
import type { StoredChapter } from '../src/study/dual-form/cell-kind.ts';
import { chapterNumbers } from '../src/study/dual-form/options.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: npm run theory -- FOLDER');
const docs = new URL('../docs/', import.meta.url);
const page = new URL('theory.md', docs);

const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
const rule = (columns: number) => `|${'---|'.repeat(columns)}`;
// A bar would end the table cell.
const plain = (text: string) => text.replaceAll('|', '\\|');
const digits = (value: number | string | null) =>
  value === null ? '' : typeof value === 'string' ? plain(value) : Number(value.toPrecision(3));

function section({ checks, findings, tables }: StoredChapter): string {
  const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
    [row(head.map(plain)), rule(head.length), ...rows.map(row)].join('\n');
  const blocks = [
    table(
      ['check', 'largest error', 'tolerance'],
      checks.map(({ claim, error, tolerance }) => [plain(claim), formatError(error), formatError(tolerance)]),
    ),
  ];
  if (findings.length > 0) {
    blocks.push(
      table(
        ['found', 'value'],
        findings.map(({ what, value, why }) => [plain(what), value === null ? `undefined: ${why}` : digits(value)]),
      ),
    );
  }
  for (const { title, columns, rows } of tables) {
    blocks.push(
      `${title}:`,
      table(
        columns,
        rows.map(cells => cells.map(digits)),
      ),
    );
  }
  return blocks.join('\n\n');
}

let text = await readFile(page, 'utf8');
for (const number of chapterNumbers) {
  const chapter: StoredChapter = JSON.parse(await readFile(join(folder, `chapter-${number}.json`), 'utf8'));
  const failed = chapter.checks.find(({ passed }) => !passed);
  if (failed) throw new Error(`chapter ${number}: ${failed.claim} does not hold`);
  const marked = new RegExp(`(<!-- chapter ${number}: begin -->\\n)[\\s\\S]*?(<!-- chapter ${number}: end -->)`);
  if (!marked.test(text)) throw new Error(`docs/theory.md has no place for chapter ${number}`);
  text = text.replace(marked, (_, begin, end) => `${begin}\n${section(chapter)}\n\n${end}`);
  await copyFile(join(folder, `chapter-${number}.svg`), new URL(`figures/theory-${number}.svg`, docs));
}
await writeFile(page, text);
