/**
 * Measures speed and memory of the main job on the embedded model, as ratios to torch in the same
 * minutes:
 *
 *     npm run bench -- [--python PYTHON] [--queries 40] [--skip-start] [--write]
 *
 * PYTHON needs torch, transformers, gguf, accelerate and numpy; without it only our own figures are
 * printed. `--write` puts the table into docs/speed.md. Our rounds run before and after the peer's,
 * so that a slow minute affects both.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { loadModel } from '../src/model/loaded-model.ts';
import { computePrefix } from '../src/model/prefix.ts';
import { observe, type Query } from '../src/observe/observe.ts';
import { forwardFlops, stepFlops } from '../src/run/estimate/work.ts';
import { matrixProductPeak } from '../src/runtime/matrix-product-peak.ts';
import { openRuntime } from '../src/runtime/node/open-runtime.ts';
import { finetune, releaseProjections } from '../src/setting/finetune.ts';
import { batches } from '../src/task/batches.ts';
import { openTask } from '../src/task/open-task.ts';
import { buildSequences } from '../src/task/sequence.ts';
import { openTokenizer } from '../src/tokenizer/tokenizer.ts';
import { peakOfStart } from './peak-memory.ts';
import { start } from './ready.ts';
import { reportTable } from './report-table.ts';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string' },
    queries: { type: 'string', default: '40' },
    'skip-start': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
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

await start({ beside: true, kept: true });
const starts: number[] = [];
for (let i = 0; i < 5; i++) starts.push((await start({ beside: true, kept: true })).seconds);

const checkpoint = await openCheckpoint('smollm2-135m-instruct');
const tokenizer = await openTokenizer(checkpoint.tokenizer!);
const runtime = await openRuntime();
const model = await loadModel(checkpoint, runtime);
const peakBefore = await matrixProductPeak(runtime);

const task = await openTask('sst2');
const sequences = buildSequences({
  task,
  tokenizer,
  bos: 0,
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

async function evaluate(prefixTokens: readonly number[]) {
  const [prefixSeconds, prefix] = await timed(() => computePrefix(model, prefixTokens, model.pretrained));
  const [seconds] = await timed(async () => {
    for (const batch of inBatches) {
      const at = { prefix, projections: model.pretrained };
      await observe(
        model,
        at,
        batch.map(i => queries[i]!),
        { labels, taps, doing: 'benchmark' },
      );
    }
  });
  return { prefix: prefixSeconds, perQuery: seconds / QUERIES };
}

const zeroShot: number[] = [];
const inContext: number[] = [];
const prefix: number[] = [];
const steps: number[] = [];
async function round(): Promise<void> {
  zeroShot.push((await evaluate([0])).perQuery);
  const behind = await evaluate(sequences.prefixTokens);
  inContext.push(behind.perQuery);
  prefix.push(behind.prefix);
  const [seconds, { projections }] = await timed(() =>
    finetune(model, sequences.finetuning, { learningRate: LEARNING_RATE, onQueries: () => {} }),
  );
  steps.push(seconds / SHOTS);
  await releaseProjections(model, projections);
}

// The first use opens sessions and reads pages.
await round();
for (const times of [zeroShot, inContext, prefix, steps]) times.length = 0;

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
  // The peer shuffles the evaluation rows itself, so it gets them in their original order.
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
const ROUNDS = 2;
for (let i = 0; i < ROUNDS; i++) await round();
const peer = options.python === undefined ? undefined : runPeer(options.python);
for (let i = 0; i < ROUNDS; i++) await round();
const peak = Math.max(peakBefore, await matrixProductPeak(runtime));
await runtime.close();

const { decoder } = model;
const P = sequences.prefixTokens.length;
const meanT = queries.reduce((sum, { tokens }) => sum + tokens.length, 0) / QUERIES;
const stepT = sequences.finetuning.reduce((sum, tokens) => sum + tokens.length, 0) / SHOTS;
const share = (flops: number, seconds: number) => `${((100 * flops) / seconds / 1e9 / peak).toFixed(0)} %`;
const forward = (memory: number) => forwardFlops(decoder, { T: meanT, P: memory, reads: 1 });
const against = (ours: number, theirs: number | undefined): readonly [string, string, string] =>
  theirs === undefined
    ? [ours.toFixed(3), '-', '-']
    : [ours.toFixed(3), theirs.toFixed(3), `${(theirs / ours).toFixed(2)} x`];
const [z, c, f] = [median(zeroShot), median(inContext), median(steps)];
const withPrefix = c + median(prefix) / QUERIES;

const head = ['work', 'seconds', 'torch', 'ratio', 'must reach', 'share of the peak'];
const rows = [
  [
    'in-context, a query; torch: the official algorithm',
    ...against(c, peer?.official_s_per_query),
    '16 x',
    share(forward(P), c),
  ],
  [
    'in-context, a query; torch: transformers with a cached prefix',
    ...against(c, peer?.cached_s_per_query),
    '1.8 x',
    share(forward(P), c),
  ],
  [
    `the same, our prefix counted too, shared by ${QUERIES} queries`,
    ...against(withPrefix, peer?.cached_s_per_query),
    '',
    '',
  ],
  ['zero-shot, a query', ...against(z, peer?.zero_shot_s_per_query), '1.5 x', share(forward(1), z)],
  ['finetuning, a step', ...against(f, peer?.finetune_s_per_step), '1.2 x', share(stepFlops(decoder, stepT), f)],
  ['model ready, second start', median(starts).toFixed(2), '', '', '1.5 s', ''],
];
if (!options['skip-start']) {
  const { peak: memory, seconds } = await peakOfStart();
  rows.push(['`npm start`: peak memory of all processes', `${(memory.total / 1e9).toFixed(2)} GB`, '', '', '2 GB', '']);
  rows.push(['`npm start` after the first, from build to table', seconds.toFixed(0), '', '', '', '']);
}
const conditions =
  `SmolLM2-135M-Instruct on SST-2, ${SHOTS} demonstrations (${P} tokens), ${QUERIES} queries of ${meanT.toFixed(1)} tokens in batches of ${BATCH}, ` +
  `all taps on, ${runtime.threads} threads; matrix-product peak of this machine ${peak.toFixed(0)} GFLOP/s${peer ? `; torch ${peer.torch.split('+')[0]}` : ''}.`;

reportTable({ conditions, head, rows }, options.write ? { page: 'speed.md', name: 'bench' } : undefined);
