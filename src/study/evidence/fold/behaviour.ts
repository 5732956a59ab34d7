/** @file What the arms answer. */
import {
  recallBeyondChance,
  recallReplicates,
  recallStrata,
  type SeededPredictions,
} from '../../../metric/corrected-recall.ts';
import { explainedShift } from '../../../metric/explained-shift.ts';
import { orderSensitivity, sensitivityRatio } from '../../../metric/order-sensitivity.ts';
import { predictionKappa } from '../../../metric/prediction-kappa.ts';
import { meanWithInterval } from '../../../statistics/paired-t.ts';
import { answersOf, complete, rightOf, sharedRows } from './answers.ts';
import { adjustColumns, crossed, replicated, untested } from './estimate.ts';
import { finetunedVariants } from './planned-variants.ts';
import type { Behaviour, EvidenceEstimate } from './result.ts';
import { type ComparedArms, compared, comparedUntrained, type FoundPair } from './similarity.ts';
import { type Found, findSeeds, type TaskArms, trained } from './task-arms.ts';

export async function foldBehaviour(arms: TaskArms): Promise<Behaviour> {
  const found = await findSeeds(arms, { I: trained('in-context', 'same'), F: trained('finetuned', 'same') });
  return {
    accuracy: {
      'zero-shot': zeroShotAccuracy(rightOf(arms.zeroShot, arms.gold)),
      'in-context': await accuracyOf(arms, 'in-context'),
      finetuned: await accuracyOf(arms, 'finetuned'),
    },
    shift: await foldShifts(arms),
    rec2ftp: foldRecall(arms, found),
    kappa: replicated(found, () =>
      predictionKappa(found.seeds.map(({ arms: { I, F } }) => ({ first: answersOf(I), second: answersOf(F) }))),
    ),
    orderSensitivity: await foldSensitivity(arms),
  };
}

/** The interval is t over rows: there are no demonstrations. */
function zeroShotAccuracy(right: readonly number[]): EvidenceEstimate {
  const n = { seeds: 0, rows: right.length };
  const found = meanWithInterval(right);
  if (found === null) {
    const why = 'fewer than two rows';
    return { value: right[0] ?? null, low: null, high: null, error: null, df: null, n, why };
  }
  const { mean, low, high, error, why } = found;
  const df = low === null ? null : right.length - 1;
  return { value: mean, low, high, error, df, n, ...(why !== undefined && { why }) };
}

async function accuracyOf(arms: TaskArms, setting: 'in-context' | 'finetuned'): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, { arm: trained(setting, 'same') });
  return untested(crossed(found, () => complete(found.seeds.map(({ arms: { arm } }) => rightOf(arm, arms.gold)))));
}

/** E of every finetuned arm but those of fewer shots, against I of its model. */
async function foldShifts(arms: TaskArms): Promise<Behaviour['shift']> {
  const rows: { readonly name: string; readonly shift: EvidenceEstimate }[] = [];
  for (const variant of finetunedVariants(arms, 'trained')) {
    const pair = compared(undefined, trained('finetuned', variant));
    rows.push({ name: variant, shift: await foldShift(arms, pair) });
  }
  for (const variant of finetunedVariants(arms, 'untrained')) {
    rows.push({ name: `untrained-${variant}`, shift: await foldShift(arms, comparedUntrained(arms, variant)) });
  }
  return Object.fromEntries(adjustColumns(rows, ['shift']).map(({ name, shift }) => [name, shift]));
}

/** E of a finetuned arm against an in-context one, on the rows that all have. */
async function foldShift(arms: TaskArms, pair: ComparedArms): Promise<EvidenceEstimate> {
  return shiftOver(await findSeeds(arms, { ...pair }));
}

/** E of the second arm against the first. */
export function shiftOver(found: FoundPair): EvidenceEstimate {
  return replicated(found, () =>
    explainedShift(
      found.seeds.map(({ arms: { Z, first, second } }) => {
        const [zeroShot, inContext, other] = sharedRows(Z, first, second);
        return { zeroShot, inContext, other };
      }),
    ),
  );
}

function foldRecall(arms: TaskArms, found: Found<'I' | 'F'>): Behaviour['rec2ftp'] {
  const zeroShot = answersOf(arms.zeroShot);
  const predictions = found.seeds.map(
    ({ seed, arms: { I, F } }): SeededPredictions => ({
      seed,
      gold: arms.gold,
      zeroShot,
      inContext: answersOf(I),
      finetuned: answersOf(F),
    }),
  );
  const strata = predictions.flatMap(recallStrata);
  const { numerator, denominator, expected } = recallBeyondChance(strata);
  return {
    numerator,
    denominator,
    expected,
    kappa: replicated(found, () => recallReplicates(predictions)),
    oddsRatio: untested(replicated(found, () => recallReplicates(predictions, 'oddsRatio'))),
    strata,
  };
}

/** How far another order of the demonstrations moves the answers. */
async function foldSensitivity(arms: TaskArms): Promise<Behaviour['orderSensitivity']> {
  const sensitivity = async (setting: 'in-context' | 'finetuned') => {
    const found = await findSeeds(arms, { arm: trained(setting, 'same'), other: trained(setting, 'order') });
    return untested(crossed(found, () => sensitivityOver(found, 'arm', 'other')));
  };
  const found = await findSeeds(arms, {
    I: trained('in-context', 'same'),
    otherI: trained('in-context', 'order'),
    F: trained('finetuned', 'same'),
    otherF: trained('finetuned', 'order'),
  });
  return {
    inContext: await sensitivity('in-context'),
    finetuned: await sensitivity('finetuned'),
    ratio: untested(
      replicated(found, () =>
        sensitivityRatio(sensitivityOver(found, 'F', 'otherF'), sensitivityOver(found, 'I', 'otherI')),
      ),
    ),
  };
}

function sensitivityOver<Name extends string>({ seeds }: Found<Name>, arm: NoInfer<Name>, again: NoInfer<Name>) {
  return orderSensitivity(
    seeds.map(({ arms }) => {
      const [order, other] = sharedRows(arms[arm], arms[again]);
      return { order, other };
    }),
  );
}
