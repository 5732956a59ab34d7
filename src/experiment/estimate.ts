import { join, resolve } from 'node:path';
import type { ExperimentOptions } from './options.ts';
import { type Plan, signatureOf } from './plan.ts';
import { type Prepared, type PrepareOptions, prepare } from './prepare.ts';
import { type TimedStage, timedStages } from './provenance.ts';
import { parameterCount } from './result.ts';
import { measureSpeed, type Speed } from './speed.ts';
import { addWork, type Work, workOf } from './work.ts';

/** What a run would compute. */
export interface Estimate {
  readonly signature: string;
  /** Where it would be stored; absolute. */
  readonly folder: string;
  readonly plan: Plan;
  readonly stages: Readonly<Record<TimedStage, Work & { readonly seconds: number | null }>>;
  readonly total: Work & { readonly seconds: number | null };
  /** At its highest, both processes together. */
  readonly memoryBytes: number;
  /** What the seconds were computed with; null when it was not asked to measure. */
  readonly speed: Speed | null;
}

export interface EstimateOptions extends ExperimentOptions, PrepareOptions {
  readonly out?: string | undefined;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The machine's speed; measured for a second unless given, null for none. */
  readonly speed?: Speed | null | undefined;
}

/** Counts the work of a run without doing it. @throws UserError as runExperiment, before anything is computed */
export async function estimateRun(options: EstimateOptions = {}): Promise<Estimate> {
  const { out, threads, signal, speed: given, offline, onProgress, ...wishes } = options;
  const prepared = await prepare(wishes, { offline, onProgress });
  const speed = given === undefined ? await measureSpeed({ threads, signal }) : given;
  return estimate(prepared, speed, out);
}

function estimate(prepared: Prepared, speed: Speed | null, out: string | undefined): Estimate {
  const { plan } = prepared;
  const signature = signatureOf(plan);
  const work = workOf(prepared);
  const weightBytes = 4 * parameterCount(prepared.decoder);
  const timed = (each: Work) => ({ ...each, seconds: speed && secondsOf(each, speed, weightBytes) });
  const stages = Object.fromEntries(timedStages.map(stage => [stage, timed(work[stage])]));
  return {
    signature,
    folder: resolve(out ?? join('runs', signature)),
    plan,
    stages: stages as Estimate['stages'],
    total: timed(timedStages.map(stage => work[stage]).reduce(addWork)),
    memoryBytes: memoryBytes(prepared, weightBytes),
    speed,
  };
}

/** Norms, activation functions, softmax and the traffic of taps, as a share of the products; measured on the embedded model. */
const BESIDE_PRODUCTS = 0.25;

function secondsOf({ flops, passes }: Work, { gigaflops, gigabytes }: Speed, weightBytes: number): number {
  return ((flops / gigaflops) * (1 + BESIDE_PRODUCTS) + (passes * weightBytes) / gigabytes) / 1e9;
}

/** Two Node processes and the engine with nothing loaded. */
const BASE_BYTES = 300e6;
/** Copies of an activation that are alive at once, beside what is counted. */
const LIVE_COPIES = 3;

/**
 * The higher of two moments: a finetuning step keeps all activations and three sets of key/value projections; a batch keeps those
 * of one layer, and the memory and the training queries are there beside it.
 */
function memoryBytes({ plan, decoder, sequences, scoring }: Prepared, weightBytes: number): number {
  const { layers, heads, keyValueHeads, headWidth, width, vocabulary } = decoder;
  const widest = Math.max(
    ...decoder.tensors.filter(({ name }) => !/embed|wte|wpe|lm_head/.test(name)).flatMap(t => t.shape),
  );
  const keyValue = 4 * parameterCount({ tensors: decoder.keyValue.flat() });
  const prefix = plan.settings.includes('in-context') ? sequences.memoryTokens.length : 1;
  const memory = 8 * layers * keyValueHeads * headWidth * prefix;
  const finetuned = plan.settings.includes('finetuned');
  const demonstrationTokens = sequences.demonstrations.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const trainingQueries = finetuned && prefix > 1 ? 4 * layers * heads * headWidth * demonstrationTokens : 0;

  const perToken = 4 * (4 * width + 3 * widest);
  const T = Math.max(0, ...sequences.finetuning.map(({ length }) => length));
  const step = finetuned
    ? layers * T * (perToken + 8 * heads * T) + 4 * LIVE_COPIES * vocabulary * T + 3 * keyValue + trainingQueries
    : 0;
  const rows = Math.max(
    ...plan.batches.map(batch => {
      const fed = batch.flatMap(index => scoring.rows(sequences.queries[index]!.tokens));
      return fed.length * Math.max(...fed.map(({ tokens }) => tokens.length));
    }),
  );
  const batch = rows * (perToken + LIVE_COPIES * 4 * heads * prefix) + 2 * keyValue + trainingQueries;
  return Math.round(BASE_BYTES + weightBytes + memory + Math.max(step, batch));
}
