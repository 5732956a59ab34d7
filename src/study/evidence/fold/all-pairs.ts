import { type PairSimilarity, pairSimilarity } from '../../../metric/pair-similarity.ts';
import { type Found, findSeeds, outputsOf, type TaskArms, trained } from './task-arms.ts';

/** Every I_d with every F_e. */
export interface AllPairs {
  readonly found: Found<'I' | 'F'>;
  readonly pairs: PairSimilarity;
}

export async function foldAllPairs(arms: TaskArms): Promise<AllPairs> {
  const found = await findSeeds(arms, { I: trained('in-context', 'same'), F: trained('finetuned', 'same') });
  return { found, pairs: similarityOfPairs(arms, found) };
}

export function similarityOfPairs(
  { shape, zeroShot }: TaskArms,
  found: Found<'I' | 'F'>,
  options: { readonly normalised?: boolean } = {},
): PairSimilarity {
  return pairSimilarity(shape, zeroShot.attentionOutput, outputsOf(found, 'I'), outputsOf(found, 'F'), options);
}
