import { otherDemonstrations, pairSimilarity, sameDemonstrations } from '../../../metric/pair-similarity.ts';
import { combineReplicated } from '../../../metric/replicated.ts';
import { scoreCosines, scorePairSimilarity } from '../../../metric/score-similarity.ts';
import { similarityTable, updateCosines } from '../../../metric/update-similarity.ts';
import { updateSize } from '../../../metric/update-size.ts';
import { adjustColumns, crossed, replicated } from './estimate.ts';
import { finetunedVariants } from './planned-variants.ts';
import type { LadderRow } from './result.ts';
import { type ComparedArms, compared, comparedUntrained, similarity, similarityLess } from './similarity.ts';
import { type Found, findSeeds, outputPairs, outputsOf, scorePairs, type TaskArms, trained } from './task-arms.ts';

type Names = Pick<LadderRow, 'model' | 'inContext' | 'finetuned'>;

/**
 * The similarity of in-context learning with every finetuned arm: each with a number on the way
 * from any step to finetuning on the same demonstrations.
 */
export async function foldLadder(arms: TaskArms): Promise<readonly LadderRow[]> {
  const rows: LadderRow[] = [];
  for (const variant of finetunedVariants(arms, 'trained')) {
    const finetuned = trained('finetuned', variant);
    const names = { model: 'trained', inContext: 'same', finetuned: variant } as const;
    rows.push(await foldRow(arms, names, compared(undefined, finetuned)));
    if (variant === 'same') rows.push(await foldOther(arms));
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
  const { shape } = arms;
  const found = await findSeeds(arms, { ...pair });
  const outputs = outputPairs(arms, found, 'first', 'second', 'Z');
  const scores = scorePairs(found, 'first', 'second', 'Z');
  const ofScores = (centred: boolean) =>
    crossed(found, () =>
      similarityTable(scoreCosines(arms.scoreShape, scores, { centred }), { firstLayer: arms.firstScoreLayer }),
    );
  const isSame = names.model === 'trained' && names.inContext === 'same' && names.finetuned === 'same';
  return {
    ...names,
    S: await similarity(arms, pair),
    paper: crossed(found, () => similarityTable(updateCosines(shape, outputs, { normalised: true }))),
    simAMDelta: ofScores(false),
    simAMDeltaCentred: ofScores(true),
    less: isSame ? null : await similarityLess(arms, compared(), pair),
    size: await sizeOf(arms, { ...pair, ...(names.model === 'trained' && { first: compared().first }) }),
  };
}

/** rho of a finetuned arm, against the in-context arm on the demonstrations of the seed. */
async function sizeOf(arms: TaskArms, pair: ComparedArms): Promise<number | null> {
  const found = await findSeeds(arms, { ...pair });
  return updateSize(arms.shape, outputPairs(arms, found, 'first', 'second', 'Z'));
}

/** The row of finetuning on other demonstrations of the task: I_d with F_e. */
async function foldOther(arms: TaskArms): Promise<LadderRow> {
  const found = await findSeeds(arms, { I: trained('in-context', 'same'), F: trained('finetuned', 'same') });
  const pairs = ofAllPairs(arms, found);
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
  const S = pairs({});
  return {
    model: 'trained',
    inContext: 'same',
    finetuned: 'other',
    S: replicated(found, () => otherDemonstrations(S)),
    paper: replicated(found, () => otherDemonstrations(pairs({ normalised: true }))),
    simAMDelta: scores(false),
    simAMDeltaCentred: scores(true),
    less: replicated(found, () =>
      combineReplicated(
        [sameDemonstrations(S), otherDemonstrations(S)],
        ([same, other]) => same! - other!,
        'one of the two is undefined',
      ),
    ),
    size: await sizeOf(arms, compared()),
  };
}

function ofAllPairs(arms: TaskArms, found: Found<'I' | 'F'>) {
  return (options: { readonly normalised?: boolean }) =>
    pairSimilarity(arms.shape, arms.zeroShot.attentionOutput, outputsOf(found, 'I'), outputsOf(found, 'F'), options);
}
