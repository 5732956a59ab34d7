/**
 * @file Associative recall with several queries (Arora et al. 2023, arXiv:2312.04927; with one
 * query Ba et al. 2016, arXiv:1610.06258):
 *
 *     k_1 v_1 k_2 v_2 ... k_n v_n   q_1 a_1 q_2 a_2 ... q_m a_m
 *
 * Keys are distinct, values are drawn for each sequence, and each of the m queries is one of the
 * keys: a_j is the value after q_j. A model has to find the earlier occurrence of the current token
 * and copy the next one. (Were every key queried for once, what is left over would give the later
 * answers away.)
 */
import { below, chooseDistinct, type RandomStream } from '../../statistics/random.ts';
import type { TaskSequence } from './task-sequence.ts';

export interface AssociativeRecall {
  /** n */
  readonly pairs: number;
  /** m */
  readonly queries: number;
  /** Tokens that may be keys: 0 to keys - 1. */
  readonly keys: number;
  /** Tokens that may be values: those that follow the keys. */
  readonly values: number;
}

export function drawRecall(stream: RandomStream, { pairs, queries, keys, values }: AssociativeRecall): TaskSequence {
  const shown = chooseDistinct(stream, pairs, keys).map(key => [key, keys + below(stream, values)] as const);
  const queried = Array.from({ length: queries }, () => below(stream, pairs));
  return {
    tokens: [...shown, ...queried.map(pair => shown[pair]!)].flat(),
    questions: queried.map((pair, j) => ({ place: 2 * (pairs + j), answer: shown[pair]![1], pair })),
  };
}
