import { otherDemonstrations, sameDemonstrations } from '../../../metric/pair-similarity.ts';
import { combineReplicated } from '../../../metric/replicated.ts';
import { scoreCosines, scorePairSimilarity } from '../../../metric/score-similarity.ts';
import { similarityTable } from '../../../metric/update-similarity.ts';
import { medianSize } from '../../../metric/update-size.ts';
import { type AllPairs, similarityOfPairs } from './all-pairs.ts';
import { adjustColumns, crossed, replicated } from './estimate.ts';
import { finetunedVariants } from './planned-variants.ts';
import type { LadderRow } from './result.ts';
import {
  type ComparedArms,
  compared,
  comparedUntrained,
  comparisonsOver,
  cosinesOver,
  similarityLess,
} from './similarity.ts';
import { findSeeds, scorePairs, type TaskArms, trained } from './task-arms.ts';

type Names = Pick<LadderRow, 'model' | 'inContext' | 'finetuned'>;

/**
 * The similarity of in-context learning with every finetuned arm: each with a number on the way
 * from any step to finetuning on the same demonstrations.
 */
export async function foldLadder(arms: TaskArms, pairs: AllPairs): Promise<readonly LadderRow[]> {
  const rows: LadderRow[] = [];
  for (const variant of finetunedVariants(arms, 'trained')) {
    const finetuned = trained('finetuned', variant);
    const names = { model: 'trained', inContext: 'same', finetuned: variant } as const;
    rows.push(await foldRow(arms, names, compared(undefined, finetuned)));
    if (variant === 'same') rows.push(await foldOther(arms, pairs));
    if (variant !== 'tokens') continue;
    const shuffled = { model: 'trained', inContext: 'tokens', finetuned: 'same' } as const;
    rows.push(await foldRow(arms, shuffled, compared(trained('in-context', 'tokens'))));
  }
  for (const variant of finetunedVariants(arms, 'untrained')) {
    const names = { model: 'untrained', inContext: 'same', finetuned: variant } as const;
    rows.push(await foldRow(arms, names, comparedUntrained(arms, variant)));
  }
  return adjustColumns(rows, ['S', 'paper', 'simAMDelta', 'simAMDeltaCentred', 'less']);
}

async function foldRow(arms: TaskArms, names: Names, pair: ComparedArms): Promise<LadderRow> {
  const found = await findSeeds(arms, { ...pair });
  const scores = scorePairs(found, 'first', 'second', 'Z');
  const ofScores = (centred: boolean) =>
    crossed(found, () =>
      similarityTable(scoreCosines(arms.scoreShape, scores, { centred }), { firstLayer: arms.firstScoreLayer }),
    );
  const isSame = names.model === 'trained' && names.inContext === 'same' && names.finetuned === 'same';
  return {
    ...names,
    S: crossed(found, () => similarityTable(cosinesOver(arms, found))),
    paper: crossed(found, () => similarityTable(cosinesOver(arms, found, 'normalised'))),
    simAMDelta: ofScores(false),
    simAMDeltaCentred: ofScores(true),
    less: isSame ? null : await similarityLess(arms, compared(), pair),
    size: await sizeOf(arms, { ...pair, ...(names.model === 'trained' && { first: compared().first }) }),
  };
}

/** rho of a finetuned arm, against the in-context arm on the demonstrations of the seed. */
async function sizeOf(arms: TaskArms, pair: ComparedArms): Promise<number | null> {
  const found = await findSeeds(arms, { ...pair });
  return medianSize(comparisonsOver(arms, found).map(({ sizes }) => sizes));
}

/** The row of finetuning on other demonstrations of the task: I_d with F_e. */
async function foldOther(arms: TaskArms, { found, pairs }: AllPairs): Promise<LadderRow> {
  const scores = (centred: boolean) =>
    replicated(found, () =>
      otherDemonstrations(
        scorePairSimilarity(
          arms.scoreShape,
          arms.zeroShot.scores,
          found.seeds.map(({ arms: { I } }) => I.scores),
          found.seeds.map(({ arms: { F } }) => F.scores),
          { centred, firstLayer: arms.firstScoreLayer },
        ),
      ),
    );
  return {
    model: 'trained',
    inContext: 'same',
    finetuned: 'other',
    S: replicated(found, () => otherDemonstrations(pairs)),
    paper: replicated(found, () => otherDemonstrations(similarityOfPairs(arms, found, { normalised: true }))),
    simAMDelta: scores(false),
    simAMDeltaCentred: scores(true),
    less: replicated(found, () =>
      combineReplicated(
        [sameDemonstrations(pairs), otherDemonstrations(pairs)],
        ([same, other]) => same! - other!,
        'one of the two is undefined',
      ),
    ),
    size: await sizeOf(arms, compared()),
  };
}
