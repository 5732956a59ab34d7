/** @file S of a pair of arms of each seed. */
import type { SeededTable } from '../../../metric/replicated.ts';
import { similarityDifference, similarityTable, updateCosines } from '../../../metric/update-similarity.ts';
import type { ArmVariant } from '../arm.ts';
import { crossed } from './estimate.ts';
import type { EvidenceEstimate } from './result.ts';
import {
  type ArmOfSeed,
  findSeeds,
  outputPairs,
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
export async function similarity(arms: TaskArms, { Z, first, second }: ComparedArms): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, { Z, first, second });
  return crossed(found, () =>
    similarityTable(updateCosines(arms.shape, outputPairs(arms, found, 'first', 'second', 'Z'))),
  );
}

/** S of two arms less S of two others, over the seeds of all. */
export async function similarityLess(
  arms: TaskArms,
  one: ComparedArms,
  other: ComparedArms,
): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, { ...one, Z2: other.Z, first2: other.first, second2: other.second });
  const { shape } = arms;
  return crossed(
    found,
    (): SeededTable =>
      similarityDifference(
        updateCosines(shape, outputPairs(arms, found, 'first', 'second', 'Z')),
        updateCosines(shape, outputPairs(arms, found, 'first2', 'second2', 'Z2')),
      ),
  );
}
