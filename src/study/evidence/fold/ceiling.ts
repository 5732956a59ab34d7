import { otherDemonstrations, pairSimilarity } from '../../../metric/pair-similarity.ts';
import { shareOfCeiling } from '../../../metric/reliability.ts';
import { sharedVariation } from '../../../metric/shared-variation.ts';
import { replicated } from './estimate.ts';
import type { Ceiling, EvidenceEstimate } from './result.ts';
import { compared, similarity } from './similarity.ts';
import { findSeeds, outputsOf, type TaskArms, trained } from './task-arms.ts';

const I = trained('in-context', 'same');
const F = trained('finetuned', 'same');
const otherI = trained('in-context', 'order');
const otherF = trained('finetuned', 'order');

/** How far each side is like itself, with another order and with other demonstrations. */
export async function foldCeiling(arms: TaskArms): Promise<Ceiling> {
  return {
    inContextOrder: await similarity(arms, compared(I, otherI)),
    inContextOther: await ofOtherSeeds(arms, 'in-context'),
    finetunedOrder: await similarity(arms, compared(F, otherF)),
    finetunedOther: await ofOtherSeeds(arms, 'finetuned'),
    rate4: await similarity(arms, compared(F, trained('finetuned', 'rate-4'))),
    numerical: await similarity(arms, compared(F, trained('finetuned', 'nudged'))),
    relI: await reliability(arms, 'in-context'),
    relF: await reliability(arms, 'finetuned'),
    share: await foldShare(arms),
  };
}

async function ofOtherSeeds(arms: TaskArms, setting: 'in-context' | 'finetuned'): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, { arm: trained(setting, 'same') });
  const outputs = outputsOf(found, 'arm');
  return replicated(found, () =>
    otherDemonstrations(pairSimilarity(arms.shape, arms.zeroShot.attentionOutput, outputs, outputs)),
  );
}

/** R_demo of an arm with itself in another order. */
async function reliability(arms: TaskArms, setting: 'in-context' | 'finetuned'): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, { arm: trained(setting, 'same'), other: trained(setting, 'order') });
  return replicated(found, () => sharedVariation(arms.variation(found, 'arm', 'other')));
}

/** R_demo(I, F) as a share of what both reproduce of themselves. */
async function foldShare(arms: TaskArms): Promise<EvidenceEstimate> {
  const found = await findSeeds(arms, { I, F, otherI, otherF });
  return replicated(found, () =>
    shareOfCeiling(arms.variation(found, 'I', 'F'), {
      inContext: arms.variation(found, 'I', 'otherI'),
      finetuned: arms.variation(found, 'F', 'otherF'),
    }),
  );
}
