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

/** The figures of a task, or the named one, as they lie in the folder. */
function figures(task: TaskEvidence, page: string, only?: string): readonly string[] {
  return evidenceCharts(task)
    .filter(({ name }) => only === undefined || name === only)
    .map(({ name, chart }) => {
      const file = join(folder, `${task.name}-${name}.svg`);
      return `![${chart.title}](${relative(dirname(page), file)})`;
    });
}

const sentences = sentencesOf(result).map(sentence => `- ${sentence}`);
const docs = join(root, 'docs/evidence.md');
const readme = join(root, 'README.md');

const ofTask = (task: TaskEvidence) => [
  `### ${task.name}`,
  ...[
    ladderTable(task),
    sharedTable(task),
    partitionTable(task),
    behaviourTable(task),
    paperTable(task),
    ...curveTables(task),
  ].map(markdown),
  ...figures(task, docs),
];

await fill(docs, [
  `SHA-256 of \`plan.json\`: \`${registered}\`.`,
  markdown(verdictTable(result)),
  sentences.join('\n'),
  markdown(gatesTable(result)),
  ...result.tasks.flatMap(ofTask),
]);
await fill(readme, [
  markdown(verdictTable(result)),
  ...result.tasks.flatMap(task => [markdown(ladderTable(task)), ...figures(task, readme, 'ladder')]),
]);

/** Puts blocks between the markers of a page. */
async function fill(page: string, blocks: readonly string[]): Promise<void> {
  const text = await readFile(page, 'utf8');
  const marked = /(<!-- evidence: begin -->\n)[\s\S]*?(<!-- evidence: end -->)/;
  if (!marked.test(text)) throw new Error(`${page} has no place for the study`);
  await writeFile(
    page,
    text.replace(marked, (_, begin, end) => `${begin}\n${blocks.join('\n\n')}\n\n${end}`),
  );
}
