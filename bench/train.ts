/**
 * Measures training from scratch: the time of a step as a ratio to eager torch in the same minutes
 * and as a share of the machine's matrix-product peak, the cost of momentum attention, and how far
 * the gradients of a whole momentum model are from torch's:
 *
 *     npm run bench:train -- [--python PYTHON] [--steps 10] [--write]
 *
 * PYTHON needs torch and safetensors; without it only our own figures are printed. `--write` puts
 * the table into docs/speed.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { readSafetensors } from '../src/checkpoint/sources/read-safetensors.ts';
import { writeSafetensors } from '../src/checkpoint/sources/write-safetensors.ts';
import { readDecoder } from '../src/model/families/index.ts';
import { loadModel } from '../src/model/loaded-model.ts';
import { type Momentum, runWithMomentum } from '../src/model/momentum.ts';
import { computePrefix } from '../src/model/prefix.ts';
import { observe } from '../src/observe/observe.ts';
import { trainingFlops } from '../src/run/estimate/work.ts';
import { matrixProductPeak } from '../src/runtime/matrix-product-peak.ts';
import { openRuntime } from '../src/runtime/node/open-runtime.ts';
import type { Runtime } from '../src/runtime/runtime.ts';
import { PAPER_ADAM } from '../src/train/adam.ts';
import { gptConfig, languageFeeds, languageModel } from '../src/train/gpt.ts';
import { initialise } from '../src/train/initialise.ts';
import type { Objective } from '../src/train/objective.ts';
import { presets } from '../src/train/presets.ts';
import { openTrainer } from '../src/train/trainer.ts';
import { reportTable } from './report-table.ts';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string' },
    steps: { type: 'string', default: '10' },
    write: { type: 'boolean', default: false },
  },
});
const STEPS = Number(options.steps);
const RATE = 1e-3;

interface Case {
  readonly name: string;
  readonly layers: number;
  readonly heads: number;
  readonly hiddenSize: number;
  readonly vocabulary: number;
  readonly B: number;
  readonly T: number;
}
const medium: Case = { name: '3.3 M parameters', layers: 4, heads: 4, hiddenSize: 256, vocabulary: 512, B: 32, T: 64 };
const small: Case = { name: 'preset small', ...presets.small, B: presets.small.batch, T: presets.small.context };

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

function prepare({ layers, heads, hiddenSize, vocabulary, B, T }: Case, momentum?: Momentum) {
  const shape = { layers, heads, hiddenSize, feedForward: 4 * hiddenSize, vocabulary, context: T };
  const config = gptConfig({ ...shape, ...(momentum !== undefined && { momentum }) });
  const objective = languageModel(config);
  const token = (b: number, t: number) => (b * 7919 + t * t * 31 + t * 17) % vocabulary;
  const feeds = languageFeeds(
    Array.from({ length: B }, (_, b) => Array.from({ length: T + 1 }, (_, t) => token(b, t))),
  );
  return {
    config,
    objective,
    feeds,
    initial: initialise(objective, 1),
    flops: trainingFlops(readDecoder(config, 'bench'), { B, T }),
  };
}

type Prepared = ReturnType<typeof prepare>;

/**
 * Losses and seconds of STEPS steps of each, alternating, so that a slow minute affects both. The
 * first step, which opens sessions, is not timed.
 */
async function train(runtime: Runtime, pair: readonly [Prepared, Prepared]) {
  const runs = [];
  for (const { objective, feeds, initial } of pair) {
    runs.push({
      trainer: await openTrainer(runtime, objective, initial, PAPER_ADAM),
      feeds,
      losses: [0],
      seconds: [0],
    });
  }
  for (let step = 0; step < STEPS; step++) {
    for (const { trainer, feeds, losses, seconds } of runs) {
      const start = performance.now();
      losses[step] = (await trainer.take([feeds], RATE)).loss;
      seconds[step] = (performance.now() - start) / 1000;
    }
  }
  for (const { trainer } of runs) await trainer.close();
  const [plain, moving] = runs.map(({ losses, seconds }) => ({ losses, seconds: seconds.slice(1) }));
  return { plain: plain!, moving: moving! };
}

/**
 * Seconds of a batch of queries on the embedded model with a prefix, plain and with momentum,
 * alternating.
 */
async function query(runtime: Runtime) {
  const checkpoint = await openCheckpoint('smollm2-135m-instruct');
  const tokens = (length: number, seed: number) => Array.from({ length }, (_, i) => 100 + ((i * 7919 + seed) % 40_000));
  const queries = Array.from({ length: 16 }, (_, i) => ({ tokens: tokens(28, i), tap: 27, reads: [27] }));
  const models = [];
  for (const momentum of [undefined, 0.5]) {
    const model = await loadModel(runWithMomentum(checkpoint, momentum), runtime);
    models.push({ model, prefix: await computePrefix(model, tokens(615, 1), model.pretrained), seconds: [0] });
  }
  const taps = { attentionOutput: true, attentionScores: true, contextScores: true, query: true };
  for (let round = 0; round < STEPS; round++) {
    for (const { model, prefix, seconds } of models) {
      const start = performance.now();
      await observe(model, { prefix, projections: model.pretrained }, queries, {
        labels: [1, 2],
        taps,
        doing: 'a query',
      });
      seconds[round] = (performance.now() - start) / 1000 / queries.length;
    }
  }
  const [plain, moving] = models.map(({ seconds }) => seconds.slice(1));
  return { plain: plain!, moving: moving! };
}

const named = ({ parameters }: Objective, numbers: Readonly<Record<string, Float32Array>>) =>
  parameters.map(({ name, shape }) => ({ name, shape, data: numbers[name]! }));

/** Runs the peer on the same numbers and batch; returns its gradients of the first step. */
async function torch(python: string, { config, objective, feeds, initial }: Prepared) {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-bench-'));
  try {
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    await writeSafetensors(join(folder, 'model.safetensors'), named(objective, initial));
    const batch = (['tokens', 'targets'] as const).map(name => ({
      name,
      shape: feeds[name]!.dims,
      data: feeds[name]!.data as Int32Array,
    }));
    await writeSafetensors(join(folder, 'batch.safetensors'), batch);
    const script = new URL('peers/torch_gpt.py', import.meta.url).pathname;
    const printed = execFileSync(python, [script, folder, String(STEPS)], { encoding: 'utf8' });
    const answer: { torch: string; losses: number[]; seconds: number } = JSON.parse(printed.trim().split('\n').at(-1)!);
    return { ...answer, gradients: await readSafetensors(join(folder, 'gradients.safetensors')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Largest difference of gradients over all parameters, each relative to its largest gradient. */
async function gradientError(
  runtime: Runtime,
  prepared: Prepared,
  theirs: Awaited<ReturnType<typeof torch>>['gradients'],
) {
  // With beta1 = 0 the first moment after a step is the gradient itself.
  const bare = { beta1: 0, beta2: 0.98, epsilon: 1e-6 };
  const trainer = await openTrainer(runtime, prepared.objective, prepared.initial, bare);
  await trainer.take([prepared.feeds], RATE);
  const { first } = await trainer.state();
  await trainer.close();
  let worst = 0;
  for (const [name, { data }] of theirs) {
    const largest = (read: (x: number, i: number) => number) =>
      Array.from(data, Number).reduce((most, x, i) => Math.max(most, Math.abs(read(x, i))), 0);
    worst = Math.max(worst, largest((x, i) => x - first[name]![i]!) / largest(x => x));
  }
  return worst;
}

const runtime = await openRuntime();
// Measured several times: one may fall into a slow minute, and the machine's limit is the highest.
const peaks = [await matrixProductPeak(runtime)];
const rows: (() => readonly string[])[] = [];
const row = (...cells: readonly string[]) => rows.push(() => cells);
const share = (flops: number, seconds: number) =>
  `${((100 * flops) / seconds / 1e9 / Math.max(...peaks)).toFixed(0)} %`;
let version = '';
const againstPlain = ({ plain, moving }: { readonly plain: number; readonly moving: number }) =>
  `${(moving / plain).toFixed(2)} x the time`;

for (const size of [medium, small]) {
  const plain = prepare(size);
  const moving = prepare(size, 0.5);
  // Ours runs before and after the peer.
  const before = await train(runtime, [plain, moving]);
  const peer = options.python === undefined ? undefined : await torch(options.python, plain);
  const after = await train(runtime, [plain, moving]);
  const seconds = {
    plain: median([...before.plain.seconds, ...after.plain.seconds]),
    moving: median([...before.moving.seconds, ...after.moving.seconds]),
  };
  version = peer?.torch.split('+')[0] ?? '';
  const losses = peer && Math.max(...peer.losses.map((loss, i) => Math.abs(loss - before.plain.losses[i]!)));
  const what = `${size.name}, ${size.B} sequences of ${size.T} tokens`;
  peaks.push(await matrixProductPeak(runtime));
  rows.push(() => [
    `a step of ${what}`,
    seconds.plain.toFixed(3),
    peer?.seconds.toFixed(3) ?? '',
    peer ? `${(peer.seconds / seconds.plain).toFixed(2)} x` : '',
    size === medium ? '1 x' : '60 % of the peak',
    share(plain.flops, seconds.plain),
  ]);
  rows.push(() => [
    `the same with momentum attention`,
    seconds.moving.toFixed(3),
    '',
    againstPlain(seconds),
    '',
    share(moving.flops, seconds.moving),
  ]);
  if (losses !== undefined) row(`largest difference of ${STEPS} losses`, losses.toExponential(1), '', '', '', '');
}
const asked = await query(runtime);
const queried = { plain: median(asked.plain), moving: median(asked.moving) };
row('SmolLM2-135M, a query after 615 tokens', queried.plain.toFixed(3), '', '', '', '');
row('the same with momentum attention', queried.moving.toFixed(3), '', againstPlain(queried), '', '');
if (options.python !== undefined) {
  for (const momentum of [0.5, 'learned'] as const) {
    const prepared = prepare({ ...medium, B: 4 }, momentum);
    const { gradients } = await torch(options.python, prepared);
    const error = await gradientError(runtime, prepared, gradients);
    const eta = momentum === 'learned' ? 'learned eta' : `eta = ${momentum}`;
    row(`gradients with ${eta}: largest relative difference`, error.toExponential(1), '', '', '1e-3', '');
  }
}
await runtime.close();
const conditions =
  `Training from scratch with Adam, ${runtime.threads} threads; matrix-product peak of this machine ${Math.max(...peaks).toFixed(0)} GFLOP/s` +
  `${version ? `; torch ${version}, eager` : ''}. Medians of ${2 * (STEPS - 1)} steps.`;
const head = ['work', 'seconds', 'torch', 'ratio', 'must reach', 'share of the peak'];
reportTable(
  { conditions, head, rows: rows.map(cells => cells()) },
  options.write ? { page: 'speed.md', name: 'bench:train' } : undefined,
);
