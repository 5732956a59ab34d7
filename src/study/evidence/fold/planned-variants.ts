import { type ArmVariant, pairedVariants, readArm, stepVariants } from '../arm.ts';
import type { TaskArms } from './task-arms.ts';

/**
 * Variants of the finetuned arms of a model: those of demonstrations and steps as `arm.ts` lists
 * them, then added ones, then multiples of the rate from the smallest. Numbers of shots are not among them: their
 * in-context arm is another.
 */
export function finetunedVariants(arms: Pick<TaskArms, 'ids'>, model: 'trained' | 'untrained'): readonly ArmVariant[] {
  const found = new Set(
    arms.ids.map(readArm).flatMap(({ setting, initialisation, variant }) => {
      const isOfModel = (initialisation === 0) === (model === 'trained');
      return setting === 'finetuned' && isOfModel && variant !== null ? [variant] : [];
    }),
  );
  const rates = ratesOf(arms).map((multiple): ArmVariant => `rate-${multiple}`);
  return [...pairedVariants, ...stepVariants, ...ownVariants(arms), ...rates].filter(variant => found.has(variant));
}

/** Variants that a researcher added: none of those that `arm.ts` names. */
export function ownVariants({ ids }: Pick<TaskArms, 'ids'>): readonly ArmVariant[] {
  const named: readonly string[] = [...pairedVariants, ...stepVariants];
  const variants = new Set(ids.map(id => readArm(id).variant));
  return [...variants].filter(
    (variant): variant is ArmVariant =>
      variant !== null && !named.includes(variant) && !/^(?:rate|shots)-/.test(variant),
  );
}

/** Planned multiples of the rate, without 1, from the smallest. */
export function ratesOf({ ids }: Pick<TaskArms, 'ids'>): readonly number[] {
  return numbersOf(ids, 'rate-');
}

/** Planned numbers of shots below all, from the smallest. */
export function shotsOf({ ids }: Pick<TaskArms, 'ids'>): readonly number[] {
  return numbersOf(ids, 'shots-');
}

function numbersOf(ids: readonly string[], beginning: string): readonly number[] {
  const variants = new Set(ids.map(id => readArm(id).variant));
  const numbers = [...variants].flatMap(variant =>
    variant?.startsWith(beginning) ? [Number(variant.slice(beginning.length))] : [],
  );
  return numbers.sort((a, b) => a - b);
}
