/** @file What the similarity consists of, and what explains the in-context update. */
import { explainedShares } from '../../../metric/explained-share.ts';
import { type Parts, partition, partNames } from '../../../metric/partition.ts';
import { combineReplicated } from '../../../metric/replicated.ts';
import { replicated, unknown } from './estimate.ts';
import type { ExplainedResult, PartitionResult } from './result.ts';
import { findSeeds, outputPairs, type TaskArms, trained } from './task-arms.ts';

const pair = { I: trained('in-context', 'same'), F: trained('finetuned', 'same') };

export async function foldPartition(arms: TaskArms): Promise<PartitionResult> {
  const found = await findSeeds(arms, pair);
  const nothing = partNames.map(() => null);
  if (found.seeds.length === 0) {
    const none = unknown(found.why!);
    const parts = { generic: none, demonstration: none, query: none, interaction: none };
    return { total: none, ...parts, ofInContext: nothing, ofFinetuning: nothing };
  }
  const { total, ofFirst, ofSecond, ...parts } = partition(arms.shape, outputPairs(arms, found, 'I', 'F'));
  const values = (of: Parts) => partNames.map(name => of[name].value);
  return {
    total: replicated(found, () => total),
    generic: replicated(found, () => parts.generic),
    demonstration: replicated(found, () => parts.demonstration),
    query: replicated(found, () => parts.query),
    interaction: replicated(found, () => parts.interaction),
    ofInContext: values(ofFirst),
    ofFinetuning: values(ofSecond),
  };
}

export async function foldExplained(arms: TaskArms): Promise<ExplainedResult> {
  const found = await findSeeds(arms, pair);
  if (found.seeds.length === 0) {
    const none = unknown(found.why!);
    return { constant: none, finetuning: none, difference: none };
  }
  const { constant, finetuning } = explainedShares(arms.shape, outputPairs(arms, found, 'I', 'F'));
  return {
    constant: replicated(found, () => constant),
    finetuning: replicated(found, () => finetuning),
    difference: replicated(found, () =>
      combineReplicated([constant, finetuning], ([a, b]) => a! - b!, 'one of the two is undefined'),
    ),
  };
}
