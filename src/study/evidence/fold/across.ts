/** @file Similarities across seeds and rows that cost no pass. */
import { centredCosines, permutedRows } from '../../../metric/across-rows.ts';
import { pairSimilarity, similarityMatrix } from '../../../metric/pair-similarity.ts';
import { similarityTable } from '../../../metric/update-similarity.ts';
import { crossed, replicated } from './estimate.ts';
import type { TaskEvidence } from './result.ts';
import { findSeeds, outputPairs, outputsOf, type TaskArms, trained } from './task-arms.ts';

/** How many demonstrations each pair of seeds shares. */
export function overlapOf({ demonstrations, plan }: TaskArms): TaskEvidence['overlap'] {
  const sets = demonstrations.slice(0, plan.seeds);
  return sets.map(one => sets.map(other => one.filter(row => other.includes(row)).length));
}

/** S of every I_d with every F_e; with the updates of other rows; and with what all rows share taken away. */
export async function foldAcross(arms: TaskArms): Promise<Pick<TaskEvidence, 'matrix' | 'permutedRows' | 'centred'>> {
  const found = await findSeeds(arms, { I: trained('in-context', 'same'), F: trained('finetuned', 'same') });
  const pairs = outputPairs(arms, found, 'I', 'F');
  const cells = similarityMatrix(
    pairSimilarity(arms.shape, arms.zeroShot.attentionOutput, outputsOf(found, 'I'), outputsOf(found, 'F')),
  );
  const placeOf = new Map(found.seeds.map(({ seed }, place) => [seed, place]));
  const places = Array.from({ length: arms.plan.seeds }, (_, d) => placeOf.get(d + 1));
  return {
    matrix: places.map(d => places.map(e => (d === undefined || e === undefined ? null : cells[d]![e]!))),
    permutedRows: replicated(found, () => permutedRows(arms.shape, pairs)),
    centred: crossed(found, () => similarityTable(centredCosines(arms.shape, pairs))),
  };
}
