/** @file Computes the numbers of the page "How to read this" with the embedded model: `npx tsx scripts/explorer-example.ts` */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { openLab } from '../src/explore/live/lab.ts';
import { loadModel } from '../src/model/loaded-model.ts';
import { tunedDefaults } from '../src/run/defaults.ts';
import { withRuntime } from '../src/runtime/node/open-runtime.ts';
import { openTask } from '../src/task/open-task.ts';
import { chooseDemonstrations } from '../src/task/sequence.ts';
import { openTokenizer } from '../src/tokenizer/tokenizer.ts';

const TASK = 'sst2';
const SHOTS = 8;
const DIGITS = 6;

const checkpoint = await openCheckpoint('smollm2-135m-instruct');
const tokenizer = await openTokenizer(checkpoint.tokenizer!);
const task = await openTask(TASK);
const { seed, learningRate } = tunedDefaults(checkpoint.digest, TASK)!;
const rows = chooseDemonstrations(task, seed, 2 * SHOTS).map(row => ({ text: task.prompt(row), label: row.label }));
const query = task.evaluation()[0]!;
const request = {
  demonstrations: rows.slice(0, SHOTS),
  others: rows.slice(SHOTS),
  labels: task.labels,
  query: task.prompt(query),
  learningRate,
};
const answer = await withRuntime({}, async runtime =>
  openLab(await loadModel(checkpoint, runtime), tokenizer).answer(request),
);
const { attention: _, ...kept } = answer;
const example = { model: checkpoint.name, task: TASK, seed, gold: query.label, request, answer: kept };
const rounded = (_key: string, value: unknown) =>
  typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value;
const file = fileURLToPath(new URL('../packages/explorer/src/pages/example.json', import.meta.url));
writeFileSync(file, `${JSON.stringify(example, rounded, 2)}\n`);
