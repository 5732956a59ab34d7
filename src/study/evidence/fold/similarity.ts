/** @file S of a pair of arms of each seed. */
import type { UpdateComparison } from '../../../metric/update-comparison.ts';
import { type Cosines, joinCosines, similarityDifference, similarityTable } from '../../../metric/update-similarity.ts';
import type { ArmVariant } from '../arm.ts';
import { crossed } from './estimate.ts';
import type { EvidenceEstimate } from './result.ts';
import {
  type ArmOfSeed,
  type Found,
  findSeeds,
  type TaskArms,
  trained,
  untrained,
  untrainedZeroShot,
} from './task-arms.ts';

/** Two arms of a seed whose updates are compared, and the zero-shot arm of their model. */
export interface ComparedArms {
  readonly Z: ArmOfSeed;
  readonly first: ArmOfSeed;
  readonly second: ArmOfSeed;
}

/** The seeds that have both arms. */
export type FoundPair = Found<keyof ComparedArms>;

const zeroShotOfTrained: ArmOfSeed = () => 'Z';

/** Two trained arms; I and F on the same demonstrations where nothing else is said. */
export function compared(
  first: ArmOfSeed = trained('in-context', 'same'),
  second: ArmOfSeed = trained('finetuned', 'same'),
): ComparedArms {
  return { Z: zeroShotOfTrained, first, second };
}

/** I and a finetuned arm of the untrained model of each seed. */
export function comparedUntrained(arms: TaskArms, variant: ArmVariant): ComparedArms {
  return {
    Z: untrainedZeroShot(arms),
    first: untrained(arms, 'in-context', 'same'),
    second: untrained(arms, 'finetuned', variant),
  };
}

/** S of two arms. */
export async function similarity(arms: TaskArms, pair: ComparedArms): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, { ...pair });
  return crossed(found, () => similarityTable(cosinesOver(arms, found)));
}

/** S of two arms less S of two others, over the seeds of all. */
export async function similarityLess(
  arms: TaskArms,
  one: ComparedArms,
  other: ComparedArms,
): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, { ...one, Z2: other.Z, first2: other.first, second2: other.second });
  const others = found.seeds.map(({ seed, arms: { Z2, first2, second2 } }) => ({
    seed,
    arms: { Z: Z2, first: first2, second: second2 },
  }));
  return crossed(found, () =>
    similarityDifference(cosinesOver(arms, found), cosinesOver(arms, { ...found, seeds: others })),
  );
}

/** The comparison of the two arms of each seed. */
export function comparisonsOver({ compare }: TaskArms, { seeds }: FoundPair): readonly UpdateComparison[] {
  return seeds.map(({ arms: { Z, first, second } }) => compare(Z, first, second));
}

/** The cosines of the updates of two arms. */
export function cosinesOver(arms: TaskArms, found: FoundPair, name: 'cosines' | 'normalised' = 'cosines'): Cosines {
  return joinCosines(
    arms.shape,
    comparisonsOver(arms, found).map(comparison => comparison[name]),
  );
}
