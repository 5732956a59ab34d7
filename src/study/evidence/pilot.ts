/** @file An earlier study whose variances plan another. */
import { UserError } from '../../error.ts';
import { demonstrationTable, demonstrationVariation } from '../../metric/shared-variation.ts';
import { similarityTable, updateCosines } from '../../metric/update-similarity.ts';
import { type CrossedDeviations, crossedDeviations } from '../../statistics/crossed-mean.ts';
import { effectiveDimension } from '../../statistics/detectable-effect.ts';
import { compared } from './fold/similarity.ts';
import { findSeeds, openArms, outputPairs } from './fold/task-arms.ts';
import { readStudy } from './fold-folder.ts';
import { readRegistered } from './registration.ts';

/**
 * The registration of the study whose variances plan another.
 *
 * @throws UserError when the folder holds no study, or one of another model
 */
export async function pilotOf(folder: string, modelDigest: string): Promise<string> {
  const { plan, registered } = await readRegistered(folder);
  if (plan.model.digest === modelDigest) return registered;
  throw new UserError(`holds a study of another model, ${plan.model.name}`, {
    option: 'pilot',
    value: folder,
    remedy: 'its variances say nothing of this one',
  });
}

/** What varied in a task of a pilot. */
export interface PilotTask {
  readonly task: string;
  /** Of the cosines of the updates of I and F on the same demonstrations. */
  readonly deviations: CrossedDeviations;
  /** Of the differences between demonstrations, in context. */
  readonly effectiveDimension: number | null;
}

/**
 * The tasks of a pilot of which two seeds and two rows can be compared.
 *
 * @throws UserError when the folder holds no study, or an arm is missing
 */
export async function readPilot(folder: string): Promise<readonly PilotTask[]> {
  const study = await readStudy(folder);
  const tasks: PilotTask[] = [];
  for (const data of study.tasks) {
    const arms = await openArms(data, []);
    const found = await findSeeds(arms, { ...compared() });
    const pairs = outputPairs(arms, found, 'first', 'second', 'Z');
    const { table } = similarityTable(updateCosines(arms.shape, pairs));
    const demonstrations = demonstrationTable(demonstrationVariation(arms.shape, pairs));
    if (table.length < 2 || table[0]!.length < 2 || demonstrations === null) continue;
    const dimension = effectiveDimension(demonstrations.gram);
    tasks.push({ task: data.plan.name, deviations: crossedDeviations(table), effectiveDimension: dimension });
  }
  return tasks;
}
