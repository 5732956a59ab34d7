import { LEAST_COSINE, MOST_MOVED } from '../../../metric/steadiness.ts';
import { similarityTable } from '../../../metric/update-similarity.ts';
import { meanOf } from '../../means.ts';
import { answersOf, complete, rightOf } from './answers.ts';
import { crossed } from './estimate.ts';
import type { Gates } from './result.ts';
import { compared, cosinesOver } from './similarity.ts';
import { findSeeds, type TaskArms, trained } from './task-arms.ts';

/** What the study of a task rests on. A gate that does not pass stops nothing. */
export async function foldGates(arms: TaskArms): Promise<Gates> {
  return { inContext: await foldGain(arms), steady: await foldSteady(arms), learned: await foldLearned(arms) };
}

/** Whether the demonstrations help. */
async function foldGain(arms: TaskArms): Promise<Gates['inContext']> {
  const found = await findSeeds(arms, { I: trained('in-context', 'same') });
  const zeroShot = rightOf(arms.zeroShot, arms.gold);
  const gain = crossed(found, () =>
    complete(found.seeds.map(({ arms: { I } }) => rightOf(I, arms.gold).map((right, i) => right - zeroShot[i]!))),
  );
  return { gain, pass: gain.low !== null && gain.low > 0 };
}

/** Whether finetuning at a rate a millionth higher gives the same. */
async function foldSteady(arms: TaskArms): Promise<Gates['steady']> {
  const found = await findSeeds(arms, {
    ...compared(trained('finetuned', 'same'), trained('finetuned', 'nudged')),
  });
  const why = found.why !== undefined && { why: found.why };
  if (found.seeds.length === 0) {
    const planned = arms.ids.some(id => id.endsWith('/nudged'));
    return { cosine: null, moved: null, pass: planned ? false : null, ...why };
  }
  const { table, why: none } = similarityTable(cosinesOver(arms, found));
  const moved = meanOf(
    found.seeds.flatMap(({ arms: { first, second } }) => {
      const plain = answersOf(first);
      return answersOf(second).map((answer, i) => Number(answer !== plain[i]));
    }),
  );
  if (none !== undefined) return { cosine: null, moved, pass: false, why: none };
  const cosine = Math.min(...table.map(meanOf));
  return { cosine, moved, pass: cosine >= LEAST_COSINE && moved <= MOST_MOVED, ...why };
}

/** Whether finetuning lowers the loss of what follows the demonstrations. */
async function foldLearned(arms: TaskArms): Promise<Gates['learned']> {
  const found = await findSeeds(arms, { F: trained('finetuned', 'same') });
  const losses = found.seeds.flatMap(({ arms: { F } }) => F.record.heldOut ?? []);
  const why = found.why !== undefined && { why: found.why };
  if (losses.length === 0) {
    return { before: null, after: null, pass: false, ...(found.seeds.length > 0 ? { why: 'no arm has them' } : why) };
  }
  const before = meanOf(losses.flatMap(each => each.before));
  const after = meanOf(losses.flatMap(each => each.after));
  return { before, after, pass: after < before, ...why };
}
