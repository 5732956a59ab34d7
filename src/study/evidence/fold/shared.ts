import type { LayeredNumber } from '../../../metric/layer-replicates.ts';
import {
  changeVariation,
  demonstrationTable,
  queryVariation,
  sharedVariation,
  sharedVariationDifference,
  type Variation,
} from '../../../metric/shared-variation.ts';
import { effectiveDimension } from '../../../statistics/detectable-effect.ts';
import { permutationTest } from '../../../statistics/permutation-test.ts';
import type { ArmVariant } from '../arm.ts';
import type { EvidencePlan } from '../plan.ts';
import { replicated } from './estimate.ts';
import type { EvidenceEstimate, SharedVariation } from './result.ts';
import { type Found, findSeeds, outputPairs, type TaskArms, trained } from './task-arms.ts';

const I = trained('in-context', 'same');
const F = trained('finetuned', 'same');

/** A shared variation with the seeds that it is over. */
interface VariationNumber {
  readonly found: Found<never>;
  /** Absent without seeds. */
  readonly number?: LayeredNumber;
}

export type VariationNumbers = Readonly<
  Record<'demonstrations' | 'tokens' | 'labels' | 'order' | 'task' | 'query', VariationNumber>
>;

/** R_X for each property X of the demonstrations, with that of each layer. */
export async function variationNumbers(arms: TaskArms): Promise<VariationNumbers> {
  const found = await findSeeds(arms, { I, F });
  const pairs = outputPairs(arms, found, 'I', 'F');
  const change = (variant: ArmVariant) => changeNumber(arms, variant);
  return {
    demonstrations: numberOver(found, () => arms.variation(found, 'I', 'F')),
    tokens: await change('tokens'),
    labels: await change('labels'),
    order: await change('order'),
    task: await change('task'),
    query: numberOver(found, () => queryVariation(arms.shape, pairs)),
  };
}

function numberOver(found: Found<never>, variation: () => Variation): VariationNumber {
  return found.seeds.length === 0 ? { found } : { found, number: sharedVariation(variation()) };
}

async function changeNumber(arms: TaskArms, variant: ArmVariant): Promise<VariationNumber> {
  const found = await findSeeds(arms, {
    I,
    F,
    changedI: trained('in-context', variant),
    changedF: trained('finetuned', variant),
  });
  return numberOver(found, () =>
    changeVariation(arms.shape, outputPairs(arms, found, 'I', 'F'), outputPairs(arms, found, 'changedI', 'changedF')),
  );
}

/** R of a variant of the demonstrations: û = h_I - h_I^x, v̂ = h_F - h_F^x. */
export async function changeEstimate(arms: TaskArms, variant: ArmVariant): Promise<EvidenceEstimate> {
  return ofAll(await changeNumber(arms, variant));
}

/** R_X, the mean over layers. */
function ofAll({ found, number }: VariationNumber): EvidenceEstimate {
  return replicated(found, () => number!);
}

/** R_X of one layer. */
export function ofLayer({ found, number }: VariationNumber, layer: number): EvidenceEstimate {
  return replicated(found, () => number!.layers[layer]!);
}

/** R_X for each property X of the demonstrations. */
export async function foldShared(
  arms: TaskArms,
  numbers: VariationNumbers,
  { streams, statistics }: Pick<EvidencePlan, 'streams' | 'statistics'>,
): Promise<SharedVariation> {
  const draws = { seed: streams, draws: statistics.permutations };
  return {
    demonstrations: await testDemonstrations(arms, ofAll(numbers.demonstrations), draws),
    tokens: ofAll(numbers.tokens),
    labels: ofAll(numbers.labels),
    order: ofAll(numbers.order),
    task: ofAll(numbers.task),
    query: ofAll(numbers.query),
  };
}

/** R_demo with its permutation test: whether F_d belongs to I_d. */
async function testDemonstrations(
  arms: TaskArms,
  estimate: EvidenceEstimate,
  draws: { readonly seed: number; readonly draws: number },
): Promise<SharedVariation['demonstrations']> {
  const found = await findSeeds(arms, { I, F });
  const table = found.seeds.length === 0 ? null : demonstrationTable(arms.variation(found, 'I', 'F'));
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

/** R_demo(I, F) less R_demo(I, F on shuffled tokens), over the seeds of both. */
export async function beyondWords(arms: TaskArms): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, { I, F, shuffled: trained('finetuned', 'tokens') });
  return replicated(found, () =>
    sharedVariationDifference(arms.variation(found, 'I', 'F'), arms.variation(found, 'I', 'shuffled')),
  );
}
