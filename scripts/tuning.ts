/**
 * Writes docs/tuning.md from the output of `dualform tune` for the embedded model:
 *
 *     npx dualform tune --task sst2 --rows 120 --json > docs/tuning/sst2.json      (and so on)
 *     npx tsx scripts/tuning.ts
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { GridPoint, TuneResult, Validated } from '../src/run/tune/result.ts';
import { TASK_NAMES } from '../src/task/open-task.ts';

type Rate = Extract<GridPoint, { kind: 'learning-rate' }>;

const docs = new URL('../docs/', import.meta.url);
const tuned: readonly TuneResult[] = await Promise.all(
  TASK_NAMES.map(async task => JSON.parse(await readFile(new URL(`tuning/${task}.json`, docs), 'utf8'))),
);

const share = (x: number) => (100 * x).toFixed(1);
const accuracy = ({ accuracy: value }: Validated) => (value === null ? 'diverged' : share(value));
const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
const table = (head: readonly (string | number)[], rows: readonly (readonly (string | number)[])[]) =>
  [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map(row)].join('\n');
const ratesOf = ({ grid }: TuneResult) => grid.filter((point): point is Rate => point.kind === 'learning-rate');
const seedsOf = ({ grid }: TuneResult) => grid.flatMap(point => (point.kind === 'seed' ? [point] : []));

const seeds = seedsOf(tuned[0]!).map(({ seed }) => seed);
const rates = ratesOf(tuned[0]!).map(({ learningRate }) => learningRate);
const command = ({ task, rows }: TuneResult) => `\`npx dualform tune --task ${task} --rows ${rows.length}\``;
/** The seeds of each task with in-context accuracy below zero-shot. */
const below = tuned.map(result => ({
  task: result.task,
  seeds: seedsOf(result).flatMap(({ seed, accuracy }) => (accuracy! < result.zeroShot.accuracy! ? [seed] : [])),
}));
const belowCount = below.flatMap(each => each.seeds).length;
const belowList = below.flatMap(each => (each.seeds.length > 0 ? [`${each.task} ${each.seeds.join(', ')}`] : []));

/** Why a rate is refused; empty for a rate that is not. */
function mark({ refused, steady }: Rate): string {
  if (refused === undefined) return '';
  if (refused.startsWith('answers label')) return ' (one label)';
  return steady === null ? ' (diverged)' : ` (moves ${steady.moved === null ? 'all' : share(steady.moved)})`;
}

const choice = table(
  [
    'task',
    'demonstrations',
    'seed',
    'learning rate',
    'steady range',
    "the paper's rule",
    'validation rows',
    'repeated by',
  ],
  tuned.map(result => [
    result.task,
    result.shots,
    result.seed,
    result.learningRate,
    result.steady!.range.join(' to '),
    result.mostAccurate,
    result.rows.length,
    command(result),
  ]),
);
const bySeed = table(
  ['task', 'zero-shot', ...seeds],
  tuned.map(result => [
    result.task,
    accuracy(result.zeroShot),
    ...seedsOf(result).map(point => (point.seed === result.seed ? `**${accuracy(point)}**` : accuracy(point))),
  ]),
);
const byRate = table(
  ['learning rate', ...tuned.map(({ task }) => task)],
  [
    ['zero-shot', ...tuned.map(({ zeroShot }) => accuracy(zeroShot))],
    ...rates.map(rate => [
      rate,
      ...tuned.map(result => {
        const point = ratesOf(result).find(({ learningRate }) => learningRate === rate)!;
        return rate === result.learningRate ? `**${accuracy(point)}**` : `${accuracy(point)}${mark(point)}`;
      }),
    ]),
  ],
);
const cosines = table(
  ['learning rate', ...tuned.map(({ task }) => task)],
  rates.map(rate => [
    rate,
    ...tuned.map(result => {
      const { steady } = ratesOf(result).find(({ learningRate }) => learningRate === rate)!;
      return steady?.cosine == null ? '' : steady.cosine.toFixed(4);
    }),
  ]),
);

await writeFile(
  new URL('tuning.md', docs),
  `# Seed and learning rate of the embedded model

The paper picks the seed of the demonstrations and the learning rate on the very rows that it
reports. Here both are chosen on **training** rows that are demonstrations of no candidate seed and
no evaluation rows. The choice is the default of \`dualform run\`.

${choice}

The two tasks with long prompts were validated on fewer rows to save time. The output of these
commands is in [\`docs/tuning/\`](tuning/).

## The rule

The seed is the one with the highest in-context accuracy (ties: the lowest). Then, with its
demonstrations, the learning rate is chosen:

1. A rate is **refused** if finetuning diverges, if it is not steady, or if the finetuned model
   gives one label to (nearly) all rows, that is to 95 % of them or more, although the rows have
   several labels.
2. A rate is **steady** if finetuning at a rate a millionth higher changes at most 1 % of the
   answers, and the mean cosine between the two updates of the attention outputs is at least 0.99.
3. Let *b* be the most accurate of the remaining rates. Every rate whose accuracy differs from that
   of *b* by a paired 95 % t interval over rows that contains 0 is as good as *b*.
4. The steady range of *b* is the run of neighbouring rates of the grid around it that are not
   refused. Of the rates in it that are as good as *b*, the one nearest the middle of the range (the
   mean of its ends) is chosen (ties: the lowest).

So a default is not at a rate where rounding decides. \`--rule paper\` takes the most accurate rate
instead, as the paper does, and warns if the steady rule refuses it.

## In-context accuracy by seed, percent

${bySeed}

An accuracy on 120 rows is uncertain by nine points either way, on 60 rows by thirteen (Wilson
intervals, in the files). In-context falls below zero-shot with
${belowCount === 0 ? 'none of these seeds' : `${belowCount} of ${tuned.length * seeds.length} sets of demonstrations\n(${belowList.join('; ')})`}:
this model is small, and its in-context accuracy depends on the choice of demonstrations.

## Finetuned accuracy by learning rate, percent

${byRate}

*One label*: the model gives (nearly) one answer for all rows. *Moves*: percent of the rows whose
answer changes when the rate is a millionth higher.

## What rounding moves

Steps of gradient descent that are too long for the curvature of the loss amplify any small
difference between two runs, rounding included: the accuracy then depends on the machine, not on the
rate. Version 0.2.0 had 0.02 as the default of sst2: 71.5 % on one processor, 77.5 % on another.
\`dualform tune\` therefore finetunes at every rate a second time, a millionth higher. The mean
cosine between the two updates of the attention outputs (empty if the rate is refused for its
answers alone):

${cosines}

\`dualform run\` repeats this check on its first 16 rows (\`finetuning.steady\` in
[\`result.json\`](run-folder.md#resultjson)) and says in its first line if it fails. A rate that
passes on one set of demonstrations can fail on another: it is measured, not proved.
`,
);
