/**
 * Writes docs/tuning.md from what `dualform tune` printed for the embedded model:
 *
 *     npx dualform tune --task sst2 --rows 120 --json > docs/tuning/sst2.json      (and so on)
 *     npx dualform tune --task sst2 --rows 120 --seeds 5 --learning-rates 0.001,0.002,0.005,0.01,0.02,0.05 --json > docs/tuning/sst2-nudged.json
 *     npx tsx scripts/tuning.ts
 */
import { readFile, writeFile } from 'node:fs/promises';
import { TASK_NAMES } from '../src/task/task.ts';

interface Judged {
  readonly accuracy: number | null;
  readonly n: number;
}
interface Tuned {
  readonly task: string;
  readonly seed: number;
  readonly learningRate: number;
  readonly shots: number;
  readonly zeroShot: Judged;
  readonly grid: readonly (Judged &
    ({ kind: 'seed'; seed: number } | { kind: 'learning-rate'; learningRate: number; moved?: number | null }))[];
}

const docs = new URL('../docs/', import.meta.url);
const read = async (name: string): Promise<Tuned> =>
  JSON.parse(await readFile(new URL(`tuning/${name}.json`, docs), 'utf8'));
const tuned = await Promise.all(TASK_NAMES.map(read));
const nudged = (await read('sst2-nudged')).grid.flatMap(point => (point.kind === 'learning-rate' ? [point] : []));
const percent = ({ accuracy }: Judged) => (accuracy === null ? 'diverged' : (100 * accuracy).toFixed(1));
const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
const rule = (columns: number) => `|${'---|'.repeat(columns)}`;

function gridTable(kind: 'seed' | 'learning-rate', values: readonly number[], chosen: (t: Tuned) => number): string {
  const lines = tuned.map(t => {
    const cells = values.map(value => {
      const point = t.grid.find(p => p.kind === kind && (p.kind === 'seed' ? p.seed : p.learningRate) === value)!;
      return value === chosen(t) ? `**${percent(point)}**` : percent(point);
    });
    return row([t.task, percent(t.zeroShot), ...cells]);
  });
  return [row(['task', 'zero-shot', ...values]), rule(values.length + 2), ...lines].join('\n');
}

const [first] = tuned;
const seeds = first!.grid.flatMap(point => (point.kind === 'seed' ? [point.seed] : []));
const rates = first!.grid.flatMap(point => (point.kind === 'learning-rate' ? [point.learningRate] : []));
const choice = tuned.map(t =>
  row([
    t.task,
    t.shots,
    t.seed,
    t.learningRate,
    t.zeroShot.n,
    `\`npx dualform tune --task ${t.task} --rows ${t.zeroShot.n}\``,
  ]),
);
const below = tuned.flatMap(t =>
  t.grid.flatMap(p => (p.kind === 'seed' && p.accuracy! < t.zeroShot.accuracy! ? [`${t.task} seed ${p.seed}`] : [])),
);

await writeFile(
  new URL('tuning.md', docs),
  `# Seed and learning rate of the embedded model

The paper picks the seed of the demonstrations and the learning rate on the very rows that it reports. Here both are chosen on **training**
rows that are demonstrations of no candidate seed and no evaluation rows: the seed by in-context accuracy, then, with its demonstrations, the
learning rate by finetuned accuracy; of equals the lower wins. The choice is the default of \`dualform run\`.

${[row(['task', 'demonstrations', 'seed', 'learning rate', 'rows that judged', 'repeated by']), rule(6), ...choice].join('\n')}

The two tasks with long prompts were judged on fewer rows to save time. The answers of these commands stand in [\`docs/tuning/\`](tuning/).

## In-context accuracy by seed, percent

${gridTable('seed', seeds, t => t.seed)}

An accuracy on 120 rows is uncertain by nine points either way, on 60 rows by thirteen (Wilson intervals, in the files). In-context falls below zero-shot with
${below.length === 0 ? 'none of these seeds' : `${below.length} of ${tuned.length * seeds.length} choices of demonstrations (${below.join(', ')})`}: this model is small, and what it makes of its
demonstrations depends on which they are.

## Finetuned accuracy by learning rate, percent

${gridTable('learning-rate', rates, t => t.learningRate)}

## What rounding moves

Steps of gradient descent that are too long for the curvature of the loss enlarge whatever little thing sets two runs apart, rounding too: then an
accuracy is that of a machine, not of a rate. \`dualform tune\` finetunes at every rate a second time, a millionth higher, and tells the share of the rows
that are answered otherwise. Where that is more than 1 % at the rate with the highest accuracy, it is chosen all the same, as the paper's rule wants,
but with a warning that names the best steady rate. For sst2, on the same rows as above and another processor:

${[row(['learning rate', ...nudged.map(point => point.learningRate)]), rule(nudged.length + 1), row(['finetuned accuracy, percent', ...nudged.map(percent)]), row(['moved, percent of rows', ...nudged.map(({ moved }) => (100 * moved!).toFixed(1))])].join('\n')}

This comes from \`npx dualform tune --task sst2 --rows 120 --seeds 5 --learning-rates 0.001,0.002,0.005,0.01,0.02,0.05\`. The default rate of sst2, 0.02, is unsteady;
0.002 is the best steady one. Answers that move show an unsteady rate; answers that stay do not prove a steady one. The labels have shares of 45.0 and 55.0 %
of these rows: at 0.01 and 0.05 finetuning ended in (nearly) one answer for all of them, and there is little left to move, but at 0.01 it was another end in the table above.
`,
);
