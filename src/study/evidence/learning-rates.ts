import { NUDGE } from '../../metric/steadiness.ts';
import type { Arm } from './arm.ts';
import type { MatchedSteps, RatesBySteps } from './matched-rates.ts';

/** The steps whose rate is matched in size, of the arms that take such steps. */
export function matchedStepsOf({ setting, variant, initialisation }: Arm): MatchedSteps | undefined {
  if (setting !== 'finetuned') return undefined;
  if (variant === 'layer-causal') return 'layer-causal';
  return initialisation > 0 && variant === 'same' ? `untrained-${initialisation}` : undefined;
}

/**
 * The learning rate of a finetuned arm.
 *
 * @param rate of the task
 * @param matched has the rate of steps that are matched in size
 */
export function learningRateOf(arm: Arm, rate: number, matched: RatesBySteps): number {
  const steps = matchedStepsOf(arm);
  if (steps !== undefined) {
    const found = matched[steps];
    if (found === undefined) throw new Error(`the rate of ${steps} steps was not matched`);
    return found;
  }
  if (arm.variant === 'nudged') return rate * NUDGE;
  const [, multiple] = /^rate-(.+)$/.exec(arm.variant ?? '') ?? [];
  return multiple === undefined ? rate : rate * Number(multiple);
}
