import { elements } from '../../model/decoder.ts';
import { loadModel } from '../../model/loaded-model.ts';
import { observationGraph } from '../../observe/observe.ts';
import { openRuntime, type RuntimeOptions } from '../../runtime/node/open-runtime.ts';
import { updateGroups } from '../../setting/finetune-step.ts';
import type { Plan } from '../plan.ts';
import type { Prepared } from '../prepare.ts';
import { mappedPlaces } from './mapped-weights.ts';
import { type PassRates, solveRates, timedPass } from './rates.ts';
import { measureReading, type ReadingSpeed } from './reading-speed.ts';
import { timed, usualSeconds } from './timing.ts';
import { firstLayers, gradientTrial, passTrial, updateTrial } from './trials.ts';
import { rowsOf } from './work.ts';

/** The measured speed of a device of this machine at the parts of a run. */
export interface Speed extends ReadingSpeed, PassRates {
  /** `cpu`, `webgpu`, `cuda:1`. */
  readonly device: string;
  /** Time of the gradient of a short sequence, in forward passes over it. */
  readonly gradientPasses: number;
  /** 1e9 bytes of key and value projections that finetuning updates per second. */
  readonly steppedGigabytes: number;
  /** 1e9 bytes of key and value projections, as float32, that are loaded per second. */
  readonly loadedGigabytes: number;
  /** To start a compute process. */
  readonly startSeconds: number;
  /** To open a session. */
  readonly openSeconds: number;
}

/** What a model is timed with: the usual batches, steps and prefix. */
export type TimedSequences = Pick<Prepared, 'checkpoint' | 'decoder' | 'sequences' | 'scoring'> & {
  readonly plan: Pick<Plan, 'batches'>;
};

/**
 * Times the first layers of the model for about two seconds: passes over few tokens, over as many
 * as a batch has, and over these after a prefix; gradients; updates of projections.
 *
 * @throws UserError when the device is not there
 */
export async function measureSpeed(prepared: TimedSequences, options: RuntimeOptions = {}): Promise<Speed> {
  const { checkpoint, decoder } = prepared;
  const reading = await measureReading(mappedPlaces(checkpoint, decoder));
  const [runtime, startSeconds] = await timed(() => openRuntime(options));
  try {
    const part = firstLayers(decoder);
    const [group] = updateGroups(decoder);
    const layers = Math.max(part.layers, group!.length / decoder.projections[0]!.length);
    const [model, loadSeconds] = await timed(() => loadModel(checkpoint, runtime, { layers }));
    const [, openSeconds] = await timed(() => model.session(observationGraph));
    await model.closeSession(observationGraph);

    const { few, many, P } = usualRows(prepared);
    const seconds = await usualSeconds({
      short: await passTrial(model, part, [few], 1),
      long: await passTrial(model, part, many, 1),
      behind: await passTrial(model, part, many, P),
      gradient: await gradientTrial(model, few),
      update: await updateTrial(model, few.length),
    });
    const rates = solveRates(
      timedPass(part, [few], 1, seconds.short),
      timedPass(part, many, 1, seconds.long),
      timedPass(part, many, P, seconds.behind),
    );
    return {
      device: runtime.device,
      ...reading,
      ...rates,
      gradientPasses: seconds.gradient / seconds.short,
      steppedGigabytes: (4e-9 * elements(group!)) / seconds.update,
      loadedGigabytes: (4e-9 * elements(decoder.projections.slice(0, layers).flat())) / loadSeconds,
      startSeconds,
      openSeconds,
    };
  } finally {
    await runtime.close();
  }
}

type Rows = readonly (readonly number[])[];

/** Tokens of the usual finetuning sequence; of a short demonstration where there is none. */
const FEW_ROWS = { usual: 16, most: 64 };
/** Tokens of a batch: fewer tell little, more go no faster. */
const MANY_ROWS = { least: 128, most: 512 };
/** Long enough that attention scores take a visible share of the time. */
const LONG_PREFIX = 256;

/** A short sequence, the sequences of a batch, and the length of the prefix. */
function usualRows(prepared: TimedSequences): {
  readonly few: readonly number[];
  readonly many: Rows;
  readonly P: number;
} {
  const { plan, sequences, decoder } = prepared;
  const half = decoder.context >> 1;
  const batch = plan.batches[plan.batches.length >> 1]!;
  const rows = rowsOf(prepared, batch).map(({ tokens }) => tokens.slice(0, half));
  const many = repeated(rows, Math.min(Math.max(rows.flat().length, MANY_ROWS.least), MANY_ROWS.most));
  const lengths = sequences.finetuning.map(({ length }) => length).sort((a, b) => a - b);
  const short = lengths[lengths.length >> 1] ?? FEW_ROWS.usual;
  return {
    few: many.flat().slice(0, Math.min(short, FEW_ROWS.most, half)),
    many,
    P: Math.min(Math.max(sequences.prefixTokens.length, LONG_PREFIX), half),
  };
}

/** Sequences repeated until they have at least so many tokens. */
function repeated(sequences: Rows, tokens: number): Rows {
  const chosen: (readonly number[])[] = [];
  for (let sum = 0; sum < tokens; sum += chosen.at(-1)!.length)
    chosen.push(sequences[chosen.length % sequences.length]!);
  return chosen;
}
