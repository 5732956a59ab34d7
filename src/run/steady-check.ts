import { UserError } from '../error.ts';
import type { ExampleMetrics } from '../metric/measure.ts';
import { DIVERGED, NUDGE, type Steadiness, steadiness } from '../metric/steadiness.ts';
import type { LoadedModel } from '../model/loaded-model.ts';
import { isNonFinite } from '../runtime/errors.ts';
import { type FinetuneOptions, finetune } from '../setting/finetune.ts';
import type { Setting } from '../setting/setting.ts';
import type { Plan } from './plan.ts';
import type { Prepared } from './prepare.ts';

/** How far a run's finetuning depends on rounding; `finetuning.steady` in `result.json`. */
export interface SteadyCheck extends Omit<Steadiness, 'pass'> {
  /** Null, with `why`, if it was not measured. */
  readonly pass: boolean | null;
  /** Number of compared rows, the first of the evaluation order. */
  readonly rows: number;
}

/** The models that the finetuned one is compared with, on the first rows. */
export interface NudgedSettings {
  readonly zeroShot: Setting;
  /** Finetuned at a rate a millionth higher. */
  readonly nudged: Setting;
}

/** Finetunes at the plan's learning rate times NUDGE. */
export async function finetuneNudged(
  model: LoadedModel,
  { finetuning }: Prepared['sequences'],
  learningRate: number,
  onStep: FinetuneOptions['onStep'],
): Promise<LoadedModel['pretrained'] | 'diverged'> {
  try {
    const options = { learningRate: learningRate * NUDGE, ...(onStep && { onStep }) };
    return (await finetune(model, finetuning, options)).projections;
  } catch (error) {
    if (!isNonFinite(error)) throw error;
    return 'diverged';
  }
}

/**
 * Folds the stored records of the compared rows.
 *
 * @param diverged whether the nudged model diverged
 */
export function foldSteadyCheck(plan: Plan, metrics: readonly ExampleMetrics[], diverged: boolean): SteadyCheck {
  const rows = plan.steadyRows;
  if (rows === 0) {
    const why = plan.learningRate === null ? 'needs the setting finetuned' : 'the check was not requested';
    return { cosine: null, moved: null, pass: null, rows, why };
  }
  if (diverged) return { ...DIVERGED, rows };
  const compared = [...metrics].sort((a, b) => a.index - b.index).flatMap(({ steady }) => steady ?? []);
  if (compared.length !== rows) {
    throw new UserError(`metrics.jsonl: ${compared.length} rows have the key steady where ${rows} should`, {
      remedy: 'the file is damaged: remove the run folder or give another `out`',
    });
  }
  return { ...steadiness(compared), rows };
}
