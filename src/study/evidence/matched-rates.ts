/**
 * @file Learning rates at which layer-causal steps, and steps of untrained models, change attention
 * outputs as much as the steps of the trained model do: `<task>/matched-rates.json`.
 */
import { join } from 'node:path';
import { UserError } from '../../error.ts';
import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { readJson } from '../../files/run-folder.ts';
import { updateSize } from '../../metric/update-size.ts';
import { releasePrefix } from '../../model/prefix.ts';
import { isNonFinite } from '../../runtime/errors.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import { finetune } from '../../setting/finetune.ts';
import { type MatchedRate, matchRate } from '../../setting/matched-rate.ts';
import { finetuned, inContext, type Setting, zeroShot } from '../../setting/setting.ts';
import type { ArmContext } from './compute-arm.ts';
import { observeQueries } from './observe-queries.ts';
import type { TaskPlan } from './plan.ts';

export type PilotContext = Pick<ArmContext, 'model' | 'sequences' | 'batchSize'>;

const PILOT_DEMONSTRATIONS = 4;
const PILOT_ROWS = 16;

/** `layer-causal`, or `untrained-1` after the number of the initialisation. */
export type MatchedSteps = 'layer-causal' | `untrained-${number}`;

/** Learning rates by the steps that are taken with them. */
export type RatesBySteps = Readonly<Partial<Record<MatchedSteps, number>>>;

/** `<task>/matched-rates.json`. */
export interface MatchedRates {
  readonly schema: 'dualform.matched-rates/1';
  /** What the sizes are measured on. */
  readonly pilot: { readonly seed: 1; readonly demonstrations: number; readonly rows: number };
  /** Of the trained model at the rate of the task. */
  readonly target: { readonly learningRate: number; readonly size: number };
  readonly rates: Readonly<Partial<Record<MatchedSteps, MatchedRate>>>;
}

/** @param folder of the task */
export function readMatchedRates(folder: string): Promise<MatchedRates | undefined> {
  return readRates(join(folder, 'matched-rates.json'));
}

export async function readRates(file: string): Promise<MatchedRates | undefined> {
  return (await readJson(file)) as unknown as MatchedRates | undefined;
}

/** The bytes of `matched-rates.json`. */
export function matchedRatesText({ rates, ...given }: MatchedRates): string {
  const inOrder = Object.fromEntries(Object.entries(rates).sort(([a], [b]) => (a < b ? -1 : 1)));
  return prettyJson({ ...given, rates: inOrder } as unknown as Json);
}

export function ratesOf({ rates }: MatchedRates): RatesBySteps {
  return Object.fromEntries(Object.entries(rates).map(([steps, matched]) => [steps, matched!.learningRate]));
}

/**
 * rho of the trained model at the rate of the task on the pilot: the first 4 demonstrations of seed
 * 1, in context and finetuned, and the first 16 queries.
 *
 * @throws UserError when it diverges or moves nothing
 */
export async function measureTarget(context: PilotContext): Promise<MatchedRates> {
  const { name, rate } = context.sequences.plan;
  const size = await withPilot(context, sizeOf => sizeOf(rate, finetune));
  if (size === null || size === 0) {
    const what = size === null ? 'diverges' : 'moves nothing';
    throw new UserError(`${what} on the first demonstrations of ${name}, so no other rate can be matched to it`, {
      option: 'learningRate',
      value: rate,
    });
  }
  const { demonstrations, rows } = pilotOf(context.sequences.plan);
  return {
    schema: 'dualform.matched-rates/1',
    pilot: { seed: 1, demonstrations, rows },
    target: { learningRate: rate, size },
    rates: {},
  };
}

/** Looks for the rate at which steps have the size of the target (`setting.matchRate`). */
export async function findRate(
  context: PilotContext,
  { learningRate, size }: MatchedRates['target'],
  take: typeof finetune,
): Promise<MatchedRate> {
  return withPilot(context, sizeOf => matchRate(learningRate, size, rate => sizeOf(rate, take)));
}

type SizeOf = (learningRate: number, take: typeof finetune) => Promise<number | null>;

/** What rates are matched on. */
export function pilotOf(plan: Pick<TaskPlan, 'k' | 'rows'>) {
  return { demonstrations: Math.min(PILOT_DEMONSTRATIONS, plan.k), rows: Math.min(PILOT_ROWS, plan.rows) };
}

/** Works with a measure of rho, which is null where finetuning diverges. */
async function withPilot<T>(context: PilotContext, work: (sizeOf: SizeOf) => Promise<T>): Promise<T> {
  const { model: outer, sequences, batchSize } = context;
  const { demonstrations, rows } = pilotOf(context.sequences.plan);
  const { layers, hiddenSize } = outer.decoder;
  const set = sequences.setOf(1, `shots-${demonstrations}`).set!;
  return releaseAfter(outer, async model => {
    const outputs = async (setting: Setting) => {
      const options = { answered: rows, rows, batchSize, doing: 'matching a learning rate' };
      const { attentionOutput } = await observeQueries(model, setting, sequences, options);
      await releasePrefix(model, setting.prefix);
      return attentionOutput;
    };
    const untouched = await outputs(await zeroShot(model, sequences.bos));
    const first = await outputs(await inContext(model, set.prefixTokens));
    return work((learningRate, take) =>
      releaseAfter(model, async owner => {
        const { projections } = await take(owner, set.finetuning, { learningRate });
        const second = await outputs(await finetuned(owner, sequences.bos, projections));
        return updateSize({ rows, layers, hiddenSize }, [{ zeroShot: untouched, first, second }]) ?? 0;
      }).catch(error => {
        if (isNonFinite(error)) return null;
        throw error;
      }),
    );
  });
}
