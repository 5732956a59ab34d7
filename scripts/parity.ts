/**
 * Measures how far the engine is from torch on the golden checkpoints of all families: the largest
 * difference as a share of the root mean square of its tensor, for logits and taps (without and
 * with a prefix), gradients, and the key and value tensors after three steps. Writes the table of
 * docs/models.md:
 *
 *     npm run parity
 *
 * With a folder made by test/golden/make.py, for example from another seed, it prints that table
 * and writes nothing:
 *
 *     npm run parity -- FOLDER
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeBetweenMarks } from '../bench/report-table.ts';
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { readSafetensors } from '../src/checkpoint/sources/read-safetensors.ts';
import { loadModel } from '../src/model/loaded-model.ts';
import { computePrefix, emptyPrefix } from '../src/model/prefix.ts';
import { trace } from '../src/observe/trace.ts';
import { withRuntime } from '../src/runtime/node/open-runtime.ts';
import { finetune } from '../src/setting/finetune.ts';
import { relativeDifference } from '../test/reference/difference.ts';
import { GRADIENT_RATE, sizeOfGradient } from '../test/reference/golden.ts';

const other = process.argv[2];
const goldenFolder = other === undefined ? fileURLToPath(new URL('../test/golden/', import.meta.url)) : resolve(other);
const checkpoints = readdirSync(goldenFolder).filter(name => existsSync(join(goldenFolder, name, 'config.json')));

async function compare(name: string) {
  const folder = join(goldenFolder, name);
  const answers = await readSafetensors(join(folder, 'expected.safetensors'));
  const answer = (key: string) => Array.from(answers.get(key)!.data, Number);
  const worst = { logits: 0, outputs: 0, scores: 0, queries: 0, gradients: 0, updated: 0 };
  const kinds = {
    logits: 'logits',
    attention_output: 'outputs',
    attention_scores: 'scores',
    query: 'queries',
  } as const;
  const note = (
    what: keyof typeof worst,
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    sizeOf = expected,
  ) => {
    worst[what] = Math.max(worst[what], relativeDifference(actual, expected, sizeOf).share);
  };
  return withRuntime({}, async runtime => {
    const model = await loadModel(await openCheckpoint(folder), runtime);
    const { pretrained } = model;
    const behind = await computePrefix(model, answer('memory_tokens'), pretrained);
    for (const [prefix, key] of [
      [emptyPrefix(model.decoder), ''],
      [behind, 'memory.'],
    ] as const) {
      for (const tensor of await trace(model, { prefix, projections: pretrained }, answer('tokens'))) {
        note(kinds[tensor.name.split('.').at(-1) as keyof typeof kinds], tensor.data, answer(key + tensor.name));
      }
    }
    const { shape } = answers.get('sequences')!;
    const flat = answer('sequences');
    const sequences = Array.from({ length: shape[0]! }, (_, i) =>
      flat.slice(i * shape[1]!, (i + 1) * shape[1]!).filter(token => token >= 0),
    );
    const [learningRate] = answer('learning_rate') as [number];
    const first = await finetune(model, sequences.slice(0, 1), { learningRate: GRADIENT_RATE });
    const all = await finetune(model, sequences, { learningRate });
    for (const key of Object.keys(pretrained)) {
      const [before, once, after] = [pretrained[key]!, first.projections[key]!, all.projections[key]!];
      const start = (await runtime.download(before)).data;
      const step = (await runtime.download(once)).data;
      note(
        'gradients',
        Array.from(step, (x, i) => (start[i]! - x) / GRADIENT_RATE),
        answer(`gradient.${key}`),
        sizeOfGradient(answer, key),
      );
      note('updated', (await runtime.download(after)).data, answer(`after.${key}`));
    }
    return { family: model.decoder.family, worst };
  });
}

const rows: string[] = [];
for (const name of checkpoints) {
  const { family, worst } = await compare(name);
  const cells = Object.values(worst).map(difference => difference.toExponential(1));
  rows.push(`| \`${family}\` | ${name} | ${cells.join(' | ')} |`);
}
const table = [
  '| family | golden checkpoint | logits | attention outputs | attention scores | queries | gradients | after three steps |',
  '|---|---|---|---|---|---|---|---|',
  ...rows,
].join('\n');
if (other === undefined) writeBetweenMarks({ page: 'models.md', name: 'parity' }, table);
process.stdout.write(`${table}\n`);
