/**
 * Measures what was tried to make the main job faster on the processor, each against the usual way in
 * turns, with the embedded model:
 *
 *     npm run bench:tried -- [--rounds 5] [--write]
 *
 * Processor time of all threads is compared: other programs disturb it less than the wall clock.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { encodeOnnx } from '../src/graph/onnx/encode.ts';
import { loadModel, type ModelGraph } from '../src/model/loaded-model.ts';
import { openDecoder } from '../src/model/open-decoder.ts';
import { computePrefix, prefixGraph } from '../src/model/prefix.ts';
import { observationGraph, observe } from '../src/observe/observe.ts';
import { openRuntime } from '../src/runtime/node/open-runtime.ts';
import { sessionOptions } from '../src/runtime/node/session-options.ts';
import { gradientGraph } from '../src/setting/finetune-step.ts';
import { batches } from '../src/task/batches.ts';
import { openTask } from '../src/task/open-task.ts';
import { buildSequences } from '../src/task/sequence.ts';
import { openTokenizer } from '../src/tokenizer/tokenizer.ts';
import { median, processorSeconds } from './ready.ts';
import { reportTable } from './report-table.ts';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, write: { type: 'boolean', default: false } },
});
const ROUNDS = Number(options.rounds);
const THREADS = 2;
const TOKENS = 21;
const QUERIES = 20;

const checkpoint = await openCheckpoint('smollm2-135m-instruct');
const decoder = await openDecoder(checkpoint);
const locate = (name: string) => {
  const { file, offset, length, dtype } = checkpoint.tensors.get(name)!;
  return { location: file.slice(1), offset, length, dtype };
};
const encode = ({ name, outputs }: ModelGraph) => encodeOnnx({ name, outputs: outputs(decoder), locate });
const optionsOf = (prepack: boolean) =>
  sessionOptions({ provider: 'cpu', threads: THREADS, weightsRoot: '/', prepack });
const rows: string[][] = [];
const scratch = mkdtempSync(join(tmpdir(), 'dualform-tried-'));
for (const graph of [prefixGraph, observationGraph, gradientGraph]) await compareOpenings(graph);
await compareSteps();
await compareSharedTokens();
rmSync(scratch, { recursive: true });
reportTable(
  {
    conditions: `Processor seconds on ${THREADS} threads, medians of ${ROUNDS} rounds in turns:`,
    head: ['tried', 'usual', 'tried', 'less', 'results'],
    rows,
  },
  options.write ? { page: 'speed.md', name: 'bench:tried' } : undefined,
);

/** Seconds of all threads of this process. */
async function processor<T>(work: () => Promise<T>): Promise<[number, T]> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return [(user + system) / 1e6, result];
}

function report(tried: string, usual: readonly number[], other: readonly number[], results: string): void {
  const [a, b] = [median(usual), median(other)];
  rows.push([tried, a.toFixed(3), b.toFixed(3), `${(100 * (1 - b / a)).toFixed(0)} %`, results]);
}

async function compareOpenings(graph: ModelGraph): Promise<void> {
  const model = encode(graph);
  const file = join(scratch, `${graph.name}.onnx`);
  await (await InferenceSession.create(model, { ...optionsOf(false), optimizedModelFilePath: file })).release();
  const kept = readFileSync(file);
  const [usual, other]: [number[], number[]] = [[], []];
  for (let i = 0; i < ROUNDS; i++) {
    const open = async (bytes: Uint8Array, level: 'all' | 'disabled') => {
      const create = () => InferenceSession.create(bytes, { ...optionsOf(false), graphOptimizationLevel: level });
      const [seconds, session] = await processor(create);
      await session.release();
      return seconds;
    };
    usual.push(await open(model, 'all'));
    other.push(await open(kept, 'disabled'));
  }
  report(`open the ${graph.name} graph from the kept optimised graph`, usual, other, 'the same bits; built in');
}

/** One gradient with packed weights, and which operators take the time of the usual one. */
async function compareSteps(): Promise<void> {
  const model = encode(gradientGraph);
  const usual = await InferenceSession.create(model, optionsOf(false));
  const packed = await InferenceSession.create(model, optionsOf(true));
  const feeds = Object.fromEntries(usual.inputMetadata.map(each => [each.name, made(each)]));
  const times: [number[], number[]] = [[], []];
  let differ = 0;
  for (let i = 0; i <= ROUNDS; i++) {
    const [a, one] = await processor(() => usual.run(feeds));
    const [b, two] = await processor(() => packed.run(feeds));
    // The first run reads pages.
    if (i > 0) for (const [t, seconds] of [a, b].entries()) times[t]!.push(seconds);
    const changed = Object.keys(one).filter(name => Buffer.compare(bytesOf(one[name]!), bytesOf(two[name]!)) !== 0);
    differ = changed.length / Object.keys(one).length;
  }
  await packed.release();
  await usual.release();
  report(
    `a gradient of ${TOKENS} tokens with weights packed for products, twice in memory`,
    ...times,
    `other rounding in ${(100 * differ).toFixed(0)} % of the tensors; not built in`,
  );

  const prefix = join(scratch, 'profile');
  const profiled = { ...optionsOf(false), enableProfiling: true, profileFilePrefix: prefix };
  const session = await InferenceSession.create(model, profiled);
  for (let i = 0; i < ROUNDS; i++) await session.run(feeds);
  session.endProfiling();
  await session.release();
  const file = readdirSync(scratch).find(name => name.startsWith('profile'))!;
  const events = JSON.parse(readFileSync(join(scratch, file), 'utf8')) as readonly {
    readonly name: string;
    readonly dur: number;
    readonly args?: { readonly op_name?: string };
  }[];
  const byOperator = new Map<string, number>();
  for (const { name, dur, args } of events) {
    if (args?.op_name === undefined || !name.endsWith('_kernel_time')) continue;
    byOperator.set(args.op_name, (byOperator.get(args.op_name) ?? 0) + dur);
  }
  const total = [...byOperator.values()].reduce((a, b) => a + b);
  const shares = [...byOperator].sort(([, a], [, b]) => b - a).slice(0, 6);
  console.log(
    `operators of a gradient: ${shares.map(([name, time]) => `${name} ${((100 * time) / total).toFixed(0)} %`).join(', ')}`,
  );
}

function bytesOf({ data }: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A feed of the gradient: any numbers of the right kind. */
function made({ name, ...metadata }: InferenceSession.ValueMetadata): Tensor {
  if (!metadata.isTensor) throw new Error(`${name} is no tensor`);
  const dims = metadata.shape.map(size => (typeof size === 'number' ? size : TOKENS));
  const count = dims.reduce((a, b) => a * b, 1);
  if (metadata.type === 'int32') {
    const known = (i: number) => (name === 'positions' ? i : (997 * i) % decoder.vocabulary);
    return new Tensor(
      'int32',
      Int32Array.from({ length: count }, (_, i) => known(i)),
      dims,
    );
  }
  const value = (i: number) => (name === 'target_weights' ? 1 / TOKENS : 0.05 * Math.sin(i));
  return new Tensor(
    'float32',
    Float32Array.from({ length: count }, (_, i) => value(i)),
    dims,
  );
}

/** The first tokens that all queries share, as the last of the prefix. */
async function compareSharedTokens(): Promise<void> {
  const tokenizer = await openTokenizer(checkpoint.tokenizer!);
  const task = await openTask('sst2');
  const separator = tokenizer.encode('\n\n');
  const asked = { task, tokenizer, bos: 0, separator, shots: 32, seed: 3, limit: QUERIES };
  const { queries, labelTokens, prefixTokens } = buildSequences({ ...asked, context: decoder.context });
  const labels = labelTokens.map(([token]) => token!);
  const [first] = queries;
  let shared = 0;
  while (queries.every(({ tokens }) => tokens[shared] === first!.tokens[shared])) shared++;
  const taps = { attentionOutput: true, attentionScores: true, contextScores: true, query: true };
  const runtime = await openRuntime({ threads: THREADS });
  const model = await loadModel(checkpoint, runtime);
  for (const [name, before] of [
    ['zero-shot', [0]],
    ['in-context', prefixTokens],
  ] as const) {
    const ways = await Promise.all(
      [0, shared].map(async cut => ({
        prefix: await computePrefix(model, [...before, ...first!.tokens.slice(0, cut)], model.pretrained),
        cut: queries.map(({ tokens }) => {
          const last = tokens.length - 1 - cut;
          return { tokens: tokens.slice(cut), tap: last, reads: [last] };
        }),
      })),
    );
    const times: [number[], number[]] = [[], []];
    const found: [number[], number[]] = [[], []];
    for (let i = 0; i <= ROUNDS; i++) {
      for (const [w, { prefix, cut }] of ways.entries()) {
        const start = processorSeconds(runtime.pid);
        const at = { prefix, projections: model.pretrained };
        const observed: number[] = [];
        for (const batch of batches(cut, { size: 16 })) {
          const chosen = batch.map(each => cut[each]!);
          const { queries } = await observe(model, at, chosen, { labels, taps, doing: 'benchmark' });
          observed.push(...queries.flatMap(({ logProbabilities }) => logProbabilities.flat()));
        }
        if (i > 0) times[w]!.push((processorSeconds(runtime.pid) - start) / QUERIES);
        found[w] = observed;
      }
    }
    const largest = Math.max(...found[0].map((x, i) => Math.abs(x - found[1][i]!)));
    report(
      `${name}, a query: its first ${shared} tokens, which all queries share, in the prefix`,
      ...times,
      `log-probabilities differ by up to ${largest.toExponential(1)}; not built in`,
    );
  }
  await runtime.close();
}
