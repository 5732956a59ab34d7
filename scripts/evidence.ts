/**
 * Draws the figures of a stored study anew, and writes the result parts of docs/evidence.md and
 * README.md from it:
 *
 *     npx dualform evidence --fold FOLDER        the result again, from the stored arms
 *     npm run evidence -- docs/evidence/standard
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EvidenceTable } from '../src/cli/evidence/numbers.ts';
import {
  behaviourTable,
  curveTables,
  ladderTable,
  paperTable,
  partitionTable,
  sharedTable,
} from '../src/cli/evidence/task-tables.ts';
import { gatesTable, sentencesOf, verdictTable } from '../src/cli/evidence/verdict-tables.ts';
import { evidenceCharts } from '../src/report/evidence/evidence-charts.ts';
import { evidenceFigures } from '../src/report/evidence/evidence-figures.ts';
import type { EvidenceResult, TaskEvidence } from '../src/study/evidence/fold/result.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, 'docs/evidence/standard'));
const result: EvidenceResult = JSON.parse(await readFile(join(folder, 'result.json'), 'utf8'));
const registered = createHash('sha256')
  .update(await readFile(join(folder, 'plan.json')))
  .digest('hex');
if (registered !== result.registered)
  throw new Error(`result.json belongs to ${result.registered}, plan.json is ${registered}`);

for (const { file, svg } of evidenceFigures(result)) await writeFile(join(folder, file), svg);

// A bar would end the table cell.
const row = (cells: readonly string[]) => `| ${cells.map(cell => cell.trim().replaceAll('|', '\\|')).join(' | ')} |`;

function markdown({ title, head, rows, notes = [] }: EvidenceTable): string {
  const table = [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map(row)].join('\n');
  return [`${title}:`, table, ...notes].join('\n\n');
}

/** The figure of a task that has a name, if there is one, as it lies in the folder. */
function figures(task: TaskEvidence, page: string, only: string): readonly string[] {
  return evidenceCharts(task)
    .filter(({ name }) => name === only)
    .map(({ name, chart }) => {
      const file = join(folder, `${task.name}-${name}.svg`);
      return `![${chart.title}](${relative(dirname(page), file)})`;
    });
}

const sentences = sentencesOf(result).map(sentence => `- ${sentence}`);
const docs = join(root, 'docs/evidence.md');
const readme = join(root, 'README.md');

const folded = (summary: string, block: string) => `<details>\n<summary>${summary}</summary>\n\n${block}\n\n</details>`;

function ofTask(task: TaskEvidence): readonly string[] {
  const figure = (name: string) => figures(task, docs, name);
  const curves = curveTables(task);
  return [
    `### ${task.name}`,
    ...[markdown(ladderTable(task)), ...figure('ladder'), ...figure('matrix')],
    ...[markdown(sharedTable(task)), ...figure('shared')],
    ...[markdown(partitionTable(task)), ...figure('partition')],
    ...[markdown(behaviourTable(task)), ...figure('behaviour')],
    ...[...curves.slice(0, -1).map(markdown), ...figure('rate'), ...figure('size'), ...figure('shots')],
    ...[
      ...figure('layers'),
      ...curves.slice(-1).map(table => folded('The same by layer, in numbers', markdown(table))),
    ],
    markdown(paperTable(task)),
  ];
}

await fill(docs, 'evidence', [
  `SHA-256 of \`plan.json\`: \`${registered}\`.`,
  markdown(verdictTable(result)),
  sentences.join('\n'),
  markdown(gatesTable(result)),
]);
await fill(docs, 'evidence tasks', result.tasks.flatMap(ofTask));
await fill(readme, 'evidence', [
  markdown(verdictTable(result)),
  ...result.tasks.flatMap(task => [markdown(ladderTable(task)), ...figures(task, readme, 'ladder')]),
]);

/** Puts blocks between the markers of a page. */
async function fill(page: string, name: string, blocks: readonly string[]): Promise<void> {
  const text = await readFile(page, 'utf8');
  const marked = new RegExp(`(<!-- ${name}: begin -->\\n)[\\s\\S]*?(<!-- ${name}: end -->)`);
  if (!marked.test(text)) throw new Error(`${page} has no place for the study`);
  await writeFile(
    page,
    text.replace(marked, (_, begin, end) => `${begin}\n${blocks.join('\n\n')}\n\n${end}`),
  );
}
