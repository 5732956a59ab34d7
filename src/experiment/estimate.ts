import { join, resolve } from 'node:path';
import type { Decoder } from '../model/decoder.ts';
import type { ExperimentOptions } from './options.ts';
import { type Plan, signatureOf } from './plan.ts';
import { type Prepared, type PrepareOptions, prepare } from './prepare.ts';
import { type TimedStage, timedStages } from './provenance.ts';
import { parameterCount } from './result.ts';
import { measureSpeed, type ProductShape, type Speed } from './speed.ts';
import { addWork, type Work, workOf } from './work.ts';

/** What a run would compute. */
export interface Estimate {
  readonly signature: string;
  /** Where it would be stored; absolute. */
  readonly folder: string;
  readonly plan: Plan;
  readonly stages: Readonly<Record<TimedStage, Work & { readonly seconds: number | null }>>;
  readonly total: Work & { readonly seconds: number | null };
  /** At its highest, both processes together; weights that are mapped from their file among it. */
  readonly memoryBytes: number;
  /** Of the run folder. */
  readonly diskBytes: number;
  /** What the seconds were computed with; null when it was not asked to measure. */
  readonly speed: Speed | null;
}

export interface EstimateOptions extends ExperimentOptions, PrepareOptions {
  readonly out?: string | undefined;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The machine's speed; measured for two seconds unless given, null for none. */
  readonly speed?: Speed | null | undefined;
}

/** Counts the work of a run without doing it. @throws UserError as runExperiment, before anything is computed */
export async function estimateRun(options: EstimateOptions = {}): Promise<Estimate> {
  const { out, threads, signal, speed: given, offline, onProgress, ...wishes } = options;
  const prepared = await prepare(wishes, { offline, onProgress });
  const speed = given === undefined ? await measureSpeed({ threads, signal, many: usualProduct(prepared) }) : given;
  return estimate(prepared, speed, out);
}

/** The largest product of a layer, with as many rows as a batch has. */
function usualProduct({ plan, decoder, sequences, scoring }: Prepared): ProductShape {
  const rows = sequences.queries
    .flatMap(({ tokens }) => scoring.rows(tokens))
    .reduce((sum, { tokens }) => sum + tokens.length, 0);
  return { rows: Math.ceil(rows / plan.batches.length), inner: decoder.width, outer: widest(decoder) };
}

function estimate(prepared: Prepared, speed: Speed | null, out: string | undefined): Estimate {
  const { plan, decoder } = prepared;
  const signature = signatureOf(plan);
  const work = workOf(prepared);
  const timed = (stage: TimedStage) => ({
    ...work[stage],
    seconds: speed && secondsOf(stage, prepared, work[stage], speed),
  });
  const stages = Object.fromEntries(timedStages.map(stage => [stage, timed(stage)])) as Estimate['stages'];
  const seconds = speed && timedStages.reduce((sum, stage) => sum + stages[stage].seconds!, 0);
  return {
    signature,
    folder: resolve(out ?? join('runs', signature)),
    plan,
    stages,
    total: { ...timedStages.map(stage => work[stage]).reduce(addWork), seconds },
    memoryBytes: memoryBytes(prepared),
    diskBytes: diskBytes(plan, decoder, work),
    speed,
  };
}

/** Norms, activation functions, softmax and the traffic of taps, as a share of the products: it falls with the width, as D / D^2 does. */
const besideProducts = ({ width }: Decoder) => 150 / width;

/** What a run takes before it computes, and what it takes to measure an example, beside the model; measured. */
const START_SECONDS = 1.5;
const MAPPED_GIGABYTES = 8;
const EXAMPLE_SECONDS = 0.005;
const KENDALL_SECONDS = 0.75e-6;

function secondsOf(stage: TimedStage, prepared: Prepared, { flops, passes }: Work, speed: Speed): number {
  const { decoder, plan, sequences } = prepared;
  const weightBytes = 4 * parameterCount(decoder);
  switch (stage) {
    case 'load':
      return START_SECONDS + weightBytes / MAPPED_GIGABYTES / 1e9;
    case 'metrics': {
      const ordered = Math.min(plan.examples, plan.metrics.kendallExamples) * sequences.memoryTokens.length;
      return plan.examples * EXAMPLE_SECONDS + ordered * decoder.layers * KENDALL_SECONDS;
    }
    default: {
      const products = (flops / speed.gigaflops) * (1 + besideProducts(decoder));
      return Math.max(products, (passes * weightBytes) / speed.gigabytes) / 1e9;
    }
  }
}

/** Two Node processes, the engine with nothing loaded, and buffers that wait for collection. */
const BASE_BYTES = 450e6;
/** Copies of an activation that are alive at once, beside what is counted. */
const LIVE_COPIES = 3;

/**
 * The higher of two moments: a finetuning step keeps all activations and a set of changed projections; a batch keeps those of one
 * layer, and the memory and the training queries are there beside it.
 */
function memoryBytes({ checkpoint, plan, decoder, sequences, scoring }: Prepared): number {
  const { layers, heads, keyValueHeads, headWidth, width, vocabulary } = decoder;
  const keyValue = 4 * parameterCount({ tensors: decoder.keyValue.flat() });
  const prefix = plan.settings.includes('in-context') ? sequences.memoryTokens.length : 1;
  const memory = 8 * layers * keyValueHeads * headWidth * prefix;
  const finetuned = plan.settings.includes('finetuned');
  const demonstrationTokens = sequences.demonstrations.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const trainingQueries = finetuned && prefix > 1 ? 4 * layers * heads * headWidth * demonstrationTokens : 0;
  const changed = finetuned ? keyValue : 0;

  const perToken = 4 * (4 * width + 3 * widest(decoder));
  const T = finetuned ? Math.max(0, ...sequences.finetuning.map(({ length }) => length)) : 0;
  const step = layers * T * (perToken + 8 * heads * T) + 4 * LIVE_COPIES * vocabulary * T;
  const rows = Math.max(
    ...plan.batches.map(batch => {
      const fed = batch.flatMap(index => scoring.rows(sequences.queries[index]!.tokens));
      return fed.length * Math.max(...fed.map(({ tokens }) => tokens.length));
    }),
  );
  const batch = rows * (perToken + LIVE_COPIES * 4 * heads * prefix);
  const weights = weightsInMemory(checkpoint, decoder);
  return Math.round(BASE_BYTES + weights + memory + changed + trainingQueries + Math.max(step, batch));
}

/** As stored, mapped from the file; projections that can change, and the largest matrix of half precision while it is used, as float32. */
function weightsInMemory({ tensors }: Prepared['checkpoint'], decoder: Decoder): number {
  const changing = new Set(decoder.keyValue.flat().map(({ name }) => name));
  let mapped = 0;
  let widened = 0;
  for (const { name, shape } of decoder.tensors) {
    const asFloats = 4 * parameterCount({ tensors: [{ name, shape }] });
    const { length, dtype } = tensors.get(name)!;
    mapped += changing.has(name) ? asFloats : length;
    if (dtype !== 'F32') widened = Math.max(widened, asFloats);
  }
  return mapped + widened;
}

/** The longest side of a layer's matrices. */
function widest({ tensors }: Decoder): number {
  return Math.max(...tensors.filter(({ name }) => !/embed|wte|wpe|lm_head/.test(name)).flatMap(({ shape }) => shape));
}

/** Bytes of what is stored, as JSON: of an example and, of it, in each setting and layer; of a token id; of the result and, of it, in each layer. */
const STORED = { example: 380, setting: 140, layer: 150, token: 6.5, result: 2500, resultLayer: 200 };

function diskBytes(plan: Plan, { layers }: Decoder, work: ReturnType<typeof workOf>): number {
  const queries = Math.max(...(['zero-shot', 'in-context', 'finetuned'] as const).map(name => work[name].tokens));
  const tokens = queries + work.memory.tokens + work.finetuning.tokens;
  const example = STORED.example + STORED.setting * plan.settings.length + STORED.layer * layers;
  const result = STORED.result + STORED.resultLayer * layers;
  return Math.round(plan.examples * example + STORED.token * tokens + result);
}
