import {
  changeVariation,
  demonstrationTable,
  demonstrationVariation,
  queryVariation,
  sharedVariation,
  sharedVariationDifference,
} from '../../../metric/shared-variation.ts';
import { effectiveDimension } from '../../../statistics/detectable-effect.ts';
import { permutationTest } from '../../../statistics/permutation-test.ts';
import type { ArmVariant } from '../arm.ts';
import type { EvidencePlan } from '../plan.ts';
import { replicated } from './estimate.ts';
import type { EvidenceEstimate, SharedVariation } from './result.ts';
import { findSeeds, outputPairs, type TaskArms, trained } from './task-arms.ts';

const I = trained('in-context', 'same');
const F = trained('finetuned', 'same');

/** R_X for each property X of the demonstrations. */
export async function foldShared(
  arms: TaskArms,
  { streams, statistics }: Pick<EvidencePlan, 'streams' | 'statistics'>,
): Promise<SharedVariation> {
  const change = (variant: ArmVariant) => foldChange(arms, variant);
  return {
    demonstrations: await foldDemonstrations(arms, { seed: streams, draws: statistics.permutations }),
    tokens: await change('tokens'),
    labels: await change('labels'),
    order: await change('order'),
    task: await change('task'),
    query: await foldQuery(arms),
  };
}

/** R_demo with its permutation test: whether F_d belongs to I_d. */
async function foldDemonstrations(
  arms: TaskArms,
  draws: { readonly seed: number; readonly draws: number },
): Promise<SharedVariation['demonstrations']> {
  const found = await findSeeds(arms, { I, F });
  const pairs = outputPairs(arms, found, 'I', 'F');
  const estimate = replicated(found, () => sharedVariation(demonstrationVariation(arms.shape, pairs)));
  const table = found.seeds.length === 0 ? null : demonstrationTable(arms.shape, pairs);
  if (table === null) return { ...estimate, p: null, permutations: 0, effectiveDimension: null };
  const { p, permutations, why: noTest } = permutationTest(table.table, draws);
  const why = [estimate.why, noTest].filter(reason => reason !== undefined);
  return {
    ...estimate,
    p,
    permutations,
    effectiveDimension: effectiveDimension(table.gram),
    ...(why.length > 0 && { why: why.join('; ') }),
  };
}

async function foldChange(arms: TaskArms, variant: ArmVariant): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, {
    I,
    F,
    changedI: trained('in-context', variant),
    changedF: trained('finetuned', variant),
  });
  return replicated(found, () =>
    sharedVariation(
      changeVariation(arms.shape, outputPairs(arms, found, 'I', 'F'), outputPairs(arms, found, 'changedI', 'changedF')),
    ),
  );
}

async function foldQuery(arms: TaskArms): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, { I, F });
  return replicated(found, () => sharedVariation(queryVariation(arms.shape, outputPairs(arms, found, 'I', 'F'))));
}

/** R_demo(I, F) less R_demo(I, F on shuffled tokens), over the seeds of both. */
export async function beyondWords(arms: TaskArms): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, { I, F, shuffled: trained('finetuned', 'tokens') });
  return replicated(found, () =>
    sharedVariationDifference(
      demonstrationVariation(arms.shape, outputPairs(arms, found, 'I', 'F')),
      demonstrationVariation(arms.shape, outputPairs(arms, found, 'I', 'shuffled')),
    ),
  );
}
