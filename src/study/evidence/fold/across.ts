/** @file Similarities across seeds and rows that cost no pass. */
import { centredCosines, permutedRows } from '../../../metric/across-rows.ts';
import { similarityMatrix } from '../../../metric/pair-similarity.ts';
import { similarityTable } from '../../../metric/update-similarity.ts';
import type { AllPairs } from './all-pairs.ts';
import { crossed, replicated } from './estimate.ts';
import type { TaskEvidence } from './result.ts';
import { outputPairs, type TaskArms } from './task-arms.ts';

/** How many demonstrations each pair of seeds shares. */
export function overlapOf({ demonstrations, plan }: TaskArms): TaskEvidence['overlap'] {
  const sets = demonstrations.slice(0, plan.seeds);
  return sets.map(one => sets.map(other => one.filter(row => other.includes(row)).length));
}

/** S of every I_d with every F_e; with the updates of other rows; and with what all rows share taken away. */
export function foldAcross(
  arms: TaskArms,
  { found, pairs }: AllPairs,
): Pick<TaskEvidence, 'matrix' | 'permutedRows' | 'centred'> {
  const outputs = outputPairs(arms, found, 'I', 'F');
  const cells = similarityMatrix(pairs);
  const placeOf = new Map(found.seeds.map(({ seed }, place) => [seed, place]));
  const places = Array.from({ length: arms.plan.seeds }, (_, d) => placeOf.get(d + 1));
  return {
    matrix: places.map(d => places.map(e => (d === undefined || e === undefined ? null : cells[d]![e]!))),
    permutedRows: replicated(found, () => permutedRows(arms.shape, outputs)),
    centred: crossed(found, () => similarityTable(centredCosines(arms.shape, outputs))),
  };
}
