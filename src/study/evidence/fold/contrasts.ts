/** @file Numbers that a researcher adds to a study. */
import { type ArmVariant, armOf } from '../arm.ts';
import { exploratory } from './estimate.ts';
import { ownVariants } from './planned-variants.ts';
import type { EvidenceEstimate } from './result.ts';
import { changeEstimate } from './shared.ts';
import type { TaskArms } from './task-arms.ts';

/** A number of one's own over the arms of a task: see `similarity`, `similarityLess`, `changeEstimate`. */
export interface Contrast {
  readonly id: string;
  readonly value: (arms: TaskArms) => Promise<EvidenceEstimate>;
}

/**
 * Numbers that no plan has, by name: the given ones, and R of each added variant that has an
 * in-context and a finetuned arm. All are exploratory.
 */
export async function foldContrasts(
  arms: TaskArms,
  contrasts: readonly Contrast[],
): Promise<Readonly<Record<string, EvidenceEstimate>>> {
  const found: [string, EvidenceEstimate][] = [];
  for (const variant of ownVariants(arms).filter(each => isPaired(arms, each))) {
    found.push([`R_${variant}`, exploratory(await changeEstimate(arms, variant))]);
  }
  for (const { id, value } of contrasts) found.push([id, exploratory(await value(arms))]);
  return Object.fromEntries(found);
}

function isPaired({ ids, plan }: TaskArms, variant: ArmVariant): boolean {
  return Array.from({ length: plan.seeds }, (_, d) => d + 1).some(seed =>
    (['in-context', 'finetuned'] as const).every(setting => ids.includes(armOf(setting, seed, variant).id)),
  );
}
