/**
 * Speed and memory of the main job on the embedded model, as ratios against torch measured in the same minutes:
 *
 *     npm run bench -- [--python PYTHON] [--queries 40] [--skip-start]
 *
 * PYTHON needs torch, transformers, gguf, accelerate and numpy; without it only our own figures are printed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { loadModel } from '../src/model/loaded-model.ts';
import { computeMemory } from '../src/model/memory.ts';
import { observe, type Query } from '../src/observe/observe.ts';
import { openRuntime } from '../src/runtime/runtime.ts';
import { finetune, releaseKeyValue } from '../src/setting/finetune.ts';
import { batches } from '../src/task/batches.ts';
import { buildSequences } from '../src/task/sequence.ts';
import { openTask } from '../src/task/task.ts';
import { openTokenizer } from '../src/tokenizer/tokenizer.ts';
import { matrixProductPeak } from './matrix-product-peak.ts';
import { peakOfStart } from './peak-memory.ts';
import { forwardFlops, stepFlops } from './work.ts';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string' },
    queries: { type: 'string', default: '40' },
    'skip-start': { type: 'boolean', default: false },
  },
});
const QUERIES = Number(options.queries);
const SHOTS = 32;
const SEED = 3;
const LEARNING_RATE = 0.001;
const BATCH = 16;

const now = () => performance.now() / 1000;
async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const start = now();
  const result = await work();
  return [now() - start, result];
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** What a second start costs: everything from nothing to a model that can answer. */
async function ready() {
  const checkpoint = await openCheckpoint('smollm2-135m-instruct');
  const tokenizer = await openTokenizer(checkpoint.tokenizer!);
  const runtime = await openRuntime();
  const model = await loadModel(checkpoint, runtime);
  await model.session('observation');
  return { runtime, model, tokenizer };
}

const first = await ready();
await first.runtime.close();
const starts: number[] = [];
for (let i = 0; i < 3; i++) {
  const [seconds, { runtime }] = await timed(ready);
  await runtime.close();
  starts.push(seconds);
}
const { runtime, model, tokenizer } = await ready();
const peak = await matrixProductPeak(runtime);

const task = await openTask('sst2');
const sequences = buildSequences({
  task,
  tokenizer,
  documentStart: 0,
  separator: tokenizer.encode('\n\n'),
  shots: SHOTS,
  seed: SEED,
  context: model.decoder.context,
  limit: QUERIES,
});
const labels = sequences.labelTokens.map(([token]) => token!);
const queries = sequences.queries.map(
  ({ tokens }): Query => ({ tokens, tap: tokens.length - 1, reads: [tokens.length - 1] }),
);
const inBatches = batches(queries, { size: BATCH });
const taps = { attentionOutput: true, attentionScores: true, contextScores: true, query: true };

async function evaluate(memoryTokens: readonly number[]) {
  const [prefix, memory] = await timed(() => computeMemory(model, memoryTokens, model.pretrained));
  const [seconds] = await timed(async () => {
    for (const batch of inBatches) {
      const at = { memory, keyValue: model.pretrained };
      await observe(
        model,
        at,
        batch.map(i => queries[i]!),
        { labels, taps, doing: 'benchmark' },
      );
    }
  });
  return { prefix, perQuery: seconds / QUERIES };
}

await evaluate([0]);
const rounds = 3;
const zeroShot: number[] = [];
const inContext: number[] = [];
const prefix: number[] = [];
for (let i = 0; i < rounds; i++) {
  zeroShot.push((await evaluate([0])).perQuery);
  const behind = await evaluate(sequences.memoryTokens);
  inContext.push(behind.perQuery);
  prefix.push(behind.prefix);
}
const steps: number[] = [];
for (let i = 0; i < rounds; i++) {
  const [seconds, { keyValue }] = await timed(() =>
    finetune(model, sequences.finetuning, { learningRate: LEARNING_RATE, onQueries: () => {} }),
  );
  // The first round opens the session.
  if (i > 0) steps.push(seconds / SHOTS);
  await releaseKeyValue(model, keyValue);
}
await runtime.close();

interface Peer {
  readonly official_s_per_query: number;
  readonly cached_s_per_query: number;
  readonly zero_shot_s_per_query: number;
  readonly finetune_s_per_step: number;
  readonly torch: string;
}
function runPeer(python: string): Peer {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-bench-'));
  const write = (
    name: string,
    rows: readonly { readonly fields: Readonly<Record<string, string>>; readonly label: number }[],
  ) => {
    const file = join(folder, name);
    writeFileSync(file, rows.map(row => JSON.stringify({ text: row.fields.text, label: row.label })).join('\n'));
    return file;
  };
  // The peer shuffles the evaluation rows itself, so they go in their original order.
  const evaluation = [...task.evaluation()].sort((a, b) => a.id - b.id);
  const model = createRequire(import.meta.url).resolve('@dualform/smollm2-135m-instruct/model.gguf');
  const script = new URL('./peers/torch_smollm2.py', import.meta.url).pathname;
  const args = [script, model, write('train.jsonl', task.train()), write('evaluation.jsonl', evaluation)];
  const printed = execFileSync(python, [...args, String(QUERIES), String(SHOTS), String(SEED), String(LEARNING_RATE)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(printed.trim().split('\n').at(-1)!);
}
const peer = options.python === undefined ? undefined : runPeer(options.python);

const { decoder } = model;
const P = sequences.memoryTokens.length;
const meanT = queries.reduce((sum, { tokens }) => sum + tokens.length, 0) / QUERIES;
const stepT = sequences.finetuning.reduce((sum, tokens) => sum + tokens.length, 0) / SHOTS;
const share = (flops: number, seconds: number) => `${((100 * flops) / seconds / 1e9 / peak).toFixed(0)} %`;
const ratio = (theirs: number | undefined, ours: number) =>
  theirs === undefined ? '-' : `${(theirs / ours).toFixed(2)} x`;
const [z, c, f] = [median(zeroShot), median(inContext), median(steps)];
const forward = (memory: number) => forwardFlops(decoder, { T: meanT, P: memory, reads: 1 });

const table = new Table({ head: ['work', 'seconds', 'torch', 'ratio', 'must reach', 'share of peak'] });
table.push(
  [
    'in-context, a query (official algorithm)',
    c.toFixed(4),
    peer?.official_s_per_query.toFixed(3) ?? '-',
    ratio(peer?.official_s_per_query, c),
    '16 x',
    share(forward(P), c),
  ],
  [
    'in-context, a query (cached prefix)',
    c.toFixed(4),
    peer?.cached_s_per_query.toFixed(3) ?? '-',
    ratio(peer?.cached_s_per_query, c),
    '1.8 x',
    share(forward(P), c),
  ],
  [
    `the same with our prefix shared by ${QUERIES} queries`,
    (c + median(prefix) / QUERIES).toFixed(4),
    peer?.cached_s_per_query.toFixed(3) ?? '-',
    ratio(peer?.cached_s_per_query, c + median(prefix) / QUERIES),
    '',
    '',
  ],
  [
    'zero-shot, a query',
    z.toFixed(4),
    peer?.zero_shot_s_per_query.toFixed(3) ?? '-',
    ratio(peer?.zero_shot_s_per_query, z),
    '1.5 x',
    share(forward(1), z),
  ],
  [
    'finetuning, a step',
    f.toFixed(4),
    peer?.finetune_s_per_step.toFixed(3) ?? '-',
    ratio(peer?.finetune_s_per_step, f),
    '1.2 x',
    share(stepFlops(decoder, stepT), f),
  ],
  ['model ready, second start', median(starts).toFixed(2), '', '', '1.5 s', ''],
);
if (!options['skip-start']) {
  const { peakBytes, seconds } = await peakOfStart();
  table.push(
    ['npm start: peak memory of all processes', `${(peakBytes / 1e9).toFixed(2)} GB`, '', '', '2 GB', ''],
    ['npm start, without install', seconds.toFixed(0), '', '', '', ''],
  );
}
process.stdout.write(
  `SmolLM2-135M-Instruct x SST-2, ${SHOTS} shots (${P} tokens), ${QUERIES} queries of ${meanT.toFixed(1)} tokens, all taps on, ` +
    `${runtime.threads} threads, matrix-product peak ${peak.toFixed(0)} GFLOP/s${peer ? `, torch ${peer.torch}` : ''}\n${table}\n`,
);
