/**
 * Writes the results of a study into docs/momentum.md, and its figures into docs/figures/:
 *
 *     npx dualform momentum --out runs/momentum
 *     npx tsx scripts/momentum.ts tiny runs/momentum
 */
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable, writeBetweenMarks } from '../bench/report-table.ts';
import { momentumFindings, momentumLegend, momentumTables } from '../src/cli/momentum/view.ts';
import { formatClock, formatCount } from '../src/report/format/number.ts';
import { PAPER_ACCURACY, PAPER_PERPLEXITY, type PaperTable } from '../src/study/momentum/paper.ts';
import type { MomentumRun } from '../src/study/momentum/run.ts';

const [name, folder] = process.argv.slice(2);
if (name === undefined || folder === undefined) throw new Error('usage: npx tsx scripts/momentum.ts PLACE RUN_FOLDER');
const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const result: MomentumRun['result'] = read('result.json');
const { timing, provenance }: Pick<MomentumRun, 'timing' | 'provenance'> = read('provenance.json');

const seconds = Object.values(timing.seconds).reduce((sum, each) => sum + each, 0) / provenance.threads;
const models = Object.keys(result.tasks).length * result.etas.length * result.seeds.length;
const block = [
  `${formatCount(models)} models in ${formatClock(seconds)}; ${provenance.cpu}, ${provenance.threads} models at once, ${provenance.runtime}.`,
  momentumLegend(result),
  ...momentumTables(result).flatMap(({ title, head, rows }) => [`**${title}**`, markdownTable(head, rows)]),
  ...momentumFindings(result),
  ...result.diverged,
];
writeBetweenMarks({ page: 'momentum.md', name }, block.join('\n\n'));

const paperTable = ({ number, columns, transformer, momentum }: PaperTable) => {
  const row = (title: string, values: readonly number[]) => [title, ...values.map(String)];
  return markdownTable(
    [`Table ${number}`, ...columns],
    [row('Transformer', transformer), row('with MoAttn', momentum)],
  );
};
writeBetweenMarks(
  { page: 'momentum.md', name: 'paper' },
  [PAPER_PERPLEXITY, PAPER_ACCURACY].map(paperTable).join('\n\n'),
);

const figures = fileURLToPath(new URL('../docs/figures/', import.meta.url));
for (const file of readdirSync(folder).filter(file => file.endsWith('.svg'))) {
  const shown = join(figures, `momentum-${name}-${file}`);
  if (readFileSync(new URL('../docs/momentum.md', import.meta.url), 'utf8').includes(`momentum-${name}-${file}`)) {
    copyFileSync(join(folder, file), shown);
  }
}
