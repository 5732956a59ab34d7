import { join, resolve } from 'node:path';
import { UserError } from '../../error.ts';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { type Decoder, elements } from '../../model/decoder.ts';
import { passOnWarnings } from '../../task/warnings.ts';
import { deviceForModel } from '../device-for-model.ts';
import type { ExperimentOptions } from '../options.ts';
import { type Plan, signatureOf } from '../plan.ts';
import { type Prepared, prepare } from '../prepare.ts';
import { type TimedStage, timedStages } from '../provenance.ts';
import type { SharedModel } from '../shared-model.ts';
import { memoryOfMachine } from './machine-memory.ts';
import { mappedBytes, mappedPlaces } from './mapped-weights.ts';
import { measureSpeed, type Speed, type TimedSequences } from './speed.ts';
import { secondsOf, shareFromDisk } from './stage-seconds.ts';
import { addWork, rowsOf, type Work, workOf } from './work.ts';

/** The work, time and memory of a run. */
export interface Estimate {
  readonly signature: string;
  /** Where it would be stored; absolute. */
  readonly folder: string;
  readonly plan: Plan;
  readonly stages: Readonly<Record<TimedStage, Work & { readonly seconds: number | null }>>;
  readonly total: Work & { readonly seconds: number | null };
  /**
   * Peak of both processes together, including mapped weights, as far as the machine can hold them.
   */
  readonly memoryBytes: number;
  /** Whether the machine has less memory, so that every pass reads weights from disk. */
  readonly streamed: boolean;
  /** Of the run folder. */
  readonly diskBytes: number;
  /** The measured speed; null when it was not measured. */
  readonly speed: Speed | null;
  /** Why the speed could not be measured: the device is not there. Null otherwise. */
  readonly unmeasured: string | null;
}

export interface EstimateOptions extends ExperimentOptions, Hooks {
  /** The speed of the device; measured there for two seconds unless given, null for none. */
  readonly speed?: Speed | null | undefined;
  /** Bytes of memory that the run may use at most; those of the machine unless given. */
  readonly machineBytes?: number | undefined;
}

/**
 * Estimates a run before it is computed.
 *
 * @param shared opens the model, for further estimates and runs
 * @throws UserError as runExperiment, before anything is computed; the reason of `signal`
 */
export async function estimateRun(options: EstimateOptions = {}, shared?: SharedModel): Promise<Estimate> {
  const { speed: given, machineBytes = memoryOfMachine(), ...others } = options;
  const { hooks, wishes } = splitHooks(others);
  const { out, signal, onWarning } = hooks;
  signal?.throwIfAborted();
  const prepared = await prepare(wishes, hooks, shared && (asked => shared.open(asked, hooks)));
  signal?.throwIfAborted();
  passOnWarnings(prepared.task, onWarning);
  const measured = given === undefined ? await measure(prepared, hooks) : { speed: given, unmeasured: null };
  return estimate(prepared, measured, machineBytes, out);
}

type Measured = Pick<Estimate, 'speed' | 'unmeasured'>;

/** The speed where the run would compute. */
async function measure(prepared: Prepared, { threads, signal, ...hooks }: Hooks): Promise<Measured> {
  try {
    const device = await deviceForModel(prepared.checkpoint, { ...hooks, threads, signal });
    return { speed: await measureSpeed(prepared, { threads, device, signal }), unmeasured: null };
  } catch (error) {
    if (hooks.device === undefined || hooks.device === 'cpu' || !(error instanceof UserError)) throw error;
    return { speed: null, unmeasured: error.message };
  }
}

function estimate(
  prepared: Prepared,
  { speed, unmeasured }: Measured,
  machineBytes: number,
  out: string | undefined,
): Estimate {
  const { plan, decoder } = prepared;
  const signature = signatureOf(plan);
  const work = workOf(prepared);
  const memory = memoryBytes(prepared);
  const mapped = mappedBytes(mappedPlaces(prepared.checkpoint, decoder));
  const fromDisk = shareFromDisk(mapped, machineBytes - (memory - mapped));
  const timed = (stage: TimedStage) => ({
    ...work[stage],
    seconds: speed && secondsOf(stage, work[stage], prepared, { ...speed, fromDisk }),
  });
  const stages = Object.fromEntries(timedStages.map(stage => [stage, timed(stage)])) as Estimate['stages'];
  const seconds = speed && timedStages.reduce((sum, stage) => sum + stages[stage].seconds!, 0);
  return {
    signature,
    folder: resolve(out ?? join('runs', signature)),
    plan,
    stages,
    total: { ...timedStages.map(stage => work[stage]).reduce(addWork), seconds },
    memoryBytes: Math.min(memory, machineBytes),
    streamed: fromDisk > 0,
    diskBytes: diskBytes(plan, decoder, work),
    speed,
    unmeasured,
  };
}

/** Two Node processes, and the engine with nothing loaded; measured. */
const BASE_BYTES = 220e6;
/** Buffers that wait for collection: as many as the weights have, at most; measured. */
const MOST_WAITING_BYTES = 230e6;
/** Copies of an activation in memory at once, besides those that are counted. */
const LIVE_COPIES = 3;

/**
 * The larger of two peaks: a finetuning step needs all activations and a set of changed
 * projections; a batch needs the activations of one layer, the prefix and the training queries.
 *
 * @param otherStep bytes of activations in steps of another kind, where there are any
 */
export function memoryBytes(
  {
    checkpoint,
    plan,
    decoder,
    sequences,
    scoring,
  }: Omit<TimedSequences, 'plan'> & { readonly plan: Pick<Plan, 'settings' | 'steadyRows' | 'batches'> },
  otherStep = 0,
): number {
  const { layers, heads, keyValueHeads, headDim, hiddenSize, vocabulary } = decoder;
  const projections = 4 * elements(decoder.projections.flat());
  const prefix = plan.settings.includes('in-context') ? sequences.prefixTokens.length : 1;
  const memory = 8 * layers * keyValueHeads * headDim * prefix;
  const finetuned = plan.settings.includes('finetuned');
  const demonstrationTokens = sequences.demonstrations.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const trainingQueries = finetuned && prefix > 1 ? 4 * layers * heads * headDim * demonstrationTokens : 0;
  // The check compares two finetuned models.
  const changed = !finetuned ? 0 : plan.steadyRows > 0 ? 2 * projections : projections;

  const perToken = 4 * (4 * hiddenSize + 3 * widest(decoder));
  const T = finetuned ? Math.max(0, ...sequences.finetuning.map(({ length }) => length)) : 0;
  const step = layers * T * (perToken + 8 * heads * T) + 4 * LIVE_COPIES * vocabulary * T;
  const rows = Math.max(
    ...plan.batches.map(batch => {
      const fed = rowsOf({ sequences, scoring }, batch);
      return fed.length * Math.max(...fed.map(({ tokens }) => tokens.length));
    }),
  );
  const batch = rows * (perToken + LIVE_COPIES * 4 * heads * prefix);
  const weights = weightsInMemory(checkpoint, decoder);
  const base = BASE_BYTES + Math.min(MOST_WAITING_BYTES, weights);
  return Math.round(base + weights + memory + changed + trainingQueries + Math.max(step, otherStep, batch));
}

/**
 * Mapped weights as stored; projections, and the largest half-precision matrix while it is used, as
 * float32.
 */
function weightsInMemory(checkpoint: Prepared['checkpoint'], decoder: Decoder): number {
  const widened = decoder.tensors
    .filter(({ name }) => checkpoint.tensors.get(name)!.dtype !== 'F32')
    .map(tensor => 4 * elements([tensor]));
  const changing = 4 * elements(decoder.projections.flat());
  return mappedBytes(mappedPlaces(checkpoint, decoder)) + changing + Math.max(0, ...widened);
}

/** The longest side of a layer's matrices. */
function widest({ tensors }: Decoder): number {
  return Math.max(...tensors.filter(({ name }) => !/embed|wte|wpe|lm_head/.test(name)).flatMap(({ shape }) => shape));
}

/**
 * Bytes of stored JSON: per example, and for it per setting and layer; per token id; of the result,
 * and for it per layer.
 */
const STORED = { example: 380, setting: 140, layer: 150, token: 6.5, result: 2500, resultLayer: 200 };

function diskBytes(plan: Plan, { layers }: Decoder, work: ReturnType<typeof workOf>): number {
  const queries = Math.max(...(['zero-shot', 'in-context', 'finetuned'] as const).map(name => work[name].tokens));
  const tokens = queries + work.prefix.tokens + work.finetuning.tokens;
  const example = STORED.example + STORED.setting * plan.settings.length + STORED.layer * layers;
  const result = STORED.result + STORED.resultLayer * layers;
  return Math.round(plan.examples * example + STORED.token * tokens + result);
}
