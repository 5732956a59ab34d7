import { join } from 'node:path';
import { UserError } from '../../error.ts';
import { NUDGE } from '../../metric/steadiness.ts';
import { finetune } from '../../setting/finetune.ts';
import type { Arm } from './arm.ts';
import { layerCausal } from './arm-steps.ts';
import { whenFree } from './claim.ts';
import {
  findRate,
  type MatchedRates,
  type MatchedSteps,
  measureTarget,
  type PilotContext,
  readMatchedRates,
  writeMatchedRates,
} from './matched-rates.ts';
import type { TaskFolder } from './task-folder.ts';

/** The steps whose rate is matched in size, of the arms that take such steps. */
export function matchedStepsOf({ setting, variant, initialisation }: Arm): MatchedSteps | undefined {
  if (setting !== 'finetuned') return undefined;
  if (variant === 'layer-causal') return 'layer-causal';
  return initialisation > 0 && variant === 'same' ? `untrained-${initialisation}` : undefined;
}

/** The learning rates of finetuned arms of a task. */
export interface LearningRates {
  /** Of an arm of the model; a matched rate is looked for when the first arm needs it. */
  readonly of: (arm: Arm, context: PilotContext) => Promise<number>;
  /** Measures the size that rates are matched to; `context` has the trained model. */
  readonly prepare: (context: PilotContext) => Promise<void>;
}

/** Only the trained model gives the size that others are matched to. */
function noTarget(): never {
  throw new UserError('matched-rates.json is missing, which the arms of the trained model leave', {
    remedy: 'compute the study first',
  });
}

/** Matched rates are found by one process and stored for the others. */
export function learningRates(task: TaskFolder, signal: AbortSignal | undefined): LearningRates {
  const { folder, work, sequences } = task;
  const stored = (isEnough: (found: MatchedRates) => boolean, make: (found?: MatchedRates) => Promise<MatchedRates>) =>
    whenFree(
      join(work, 'matched-rates'),
      async lock => {
        const found = await readMatchedRates(folder);
        if (found !== undefined && isEnough(found)) return found;
        const made = await make(found);
        lock.check();
        await writeMatchedRates(folder, made);
        return made;
      },
      signal,
    );
  const prepare = (context: PilotContext) =>
    stored(
      () => true,
      () => measureTarget(context),
    );
  const known = new Map<MatchedSteps, number>();
  const matched = async (steps: MatchedSteps, context: PilotContext) => {
    const found = await stored(
      ({ rates }) => rates[steps] !== undefined,
      async before => {
        const all = before ?? (steps === 'layer-causal' ? await measureTarget(context) : noTarget());
        const take = steps === 'layer-causal' ? layerCausal : finetune;
        return { ...all, rates: { ...all.rates, [steps]: await findRate(context, all.target, take) } };
      },
    );
    return found.rates[steps]!.learningRate;
  };
  return {
    prepare: async context => void (await prepare(context)),
    of: async (arm, context) => {
      const { rate } = sequences.plan;
      const steps = matchedStepsOf(arm);
      if (steps !== undefined) {
        known.set(steps, known.get(steps) ?? (await matched(steps, context)));
        return known.get(steps)!;
      }
      if (arm.variant === 'nudged') return rate * NUDGE;
      const [, multiple] = /^rate-(.+)$/.exec(arm.variant ?? '') ?? [];
      return multiple === undefined ? rate : rate * Number(multiple);
    },
  };
}
