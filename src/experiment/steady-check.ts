import { DIVERGED, NUDGE, type Steadiness, steadiness } from '../metric/steadiness.ts';
import type { LoadedModel } from '../model/loaded-model.ts';
import { isNonFinite } from '../runtime/errors.ts';
import { releaseAfter } from '../runtime/scope.ts';
import { type FinetuneOptions, finetune, releaseKeyValue } from '../setting/finetune.ts';
import { finetuned, type Setting, zeroShot } from '../setting/setting.ts';
import type { Plan } from './plan.ts';
import type { Prepared } from './prepare.ts';
import { makeScorer } from './scorer.ts';

/** How far a run's finetuning depends on rounding; `finetuning.steady` in `result.json`. */
export interface SteadyCheck extends Omit<Steadiness, 'pass'> {
  /** Null, with `why`, where it was not measured. */
  readonly pass: boolean | null;
  /** The first rows of the evaluation order, as many as were compared. */
  readonly rows: number;
}

/** Of a run without a check. */
export function notChecked(why: string): SteadyCheck {
  return { cosine: null, moved: null, pass: null, rows: 0, why };
}

/** What a check needs of the nudged model. */
export type Nudged = { readonly keyValue: LoadedModel['pretrained'] } | 'diverged';

/** Finetunes at the plan's learning rate times NUDGE. */
export async function finetuneNudged(
  model: LoadedModel,
  { finetuning }: Prepared['sequences'],
  learningRate: number,
  onStep: FinetuneOptions['onStep'],
): Promise<Nudged> {
  try {
    return await finetune(model, finetuning, { learningRate: learningRate * NUDGE, ...(onStep && { onStep }) });
  } catch (error) {
    if (!isNonFinite(error)) throw error;
    return 'diverged';
  }
}

/**
 * Compares the finetuned model with the nudged one on the first `steadyRows` rows of the evaluation order (`steadiness`), and releases
 * the nudged one.
 */
export async function checkSteadiness(
  model: LoadedModel,
  { plan, sequences, scoring }: Pick<Prepared, 'plan' | 'sequences' | 'scoring'>,
  plain: Setting,
  nudged: Nudged,
): Promise<SteadyCheck> {
  const rows = plan.steadyRows;
  if (nudged === 'diverged') return { ...DIVERGED, rows };
  const score = makeScorer(sequences.queries.slice(0, rows), scoring, plan.batchSize);
  const answered = (setting: Setting) =>
    score(model, setting, { doing: `checking how steady the ${setting.name} answers are`, attentionOutputs: true });
  const compared = await releaseAfter(model, async owner => {
    const base = await zeroShot(owner, plan.documentStart);
    const other = await finetuned(owner, plan.documentStart, nudged.keyValue);
    const { attentionOutputs } = await answered(base);
    return steadiness(await answered(plain), await answered(other), attentionOutputs, model.decoder.layers);
  });
  await releaseKeyValue(model, nudged.keyValue);
  return { ...compared, rows };
}

/** Rows of a check: enough to see a rate at which answers move, for a small part of a run's time. */
const ROWS = 16;

/** How many rows a plan's check compares. */
export function steadyRows({
  learningRate,
  examples,
  wanted,
}: Pick<Plan, 'learningRate' | 'examples'> & { readonly wanted: boolean }): number {
  return wanted && learningRate !== null ? Math.min(ROWS, examples) : 0;
}

/** The rows that a check feeds to each of its three models. */
export function checkedRows({ plan, sequences, scoring }: Pick<Prepared, 'plan' | 'sequences' | 'scoring'>) {
  return sequences.queries.slice(0, plan.steadyRows).flatMap(({ tokens }) => scoring.rows(tokens));
}

/** Tokens of those rows, in all three. */
export function checkedTokens(prepared: Parameters<typeof checkedRows>[0]): number {
  return 3 * checkedRows(prepared).reduce((sum, { tokens }) => sum + tokens.length, 0);
}
