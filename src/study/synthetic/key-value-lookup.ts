/**
 * @file Key-value lookup (Liu et al. 2023, arXiv:2307.03172, section 3, whose keys are UUIDs): keys
 * of several symbols, which other keys share, so that no single symbol identifies a pair:
 *
 *     a_1 b_1 v_1   a_2 b_2 v_2 ... a_n b_n v_n   and then m times a key of these and its value
 *
 * Keys are distinct pairs of a first and a second symbol; values are drawn for each sequence.
 */
import { below, chooseDistinct, type RandomStream } from '../../statistics/random.ts';
import type { TaskSequence } from './task-sequence.ts';

export interface KeyValueLookup {
  /** n, at most symbols^2 */
  readonly pairs: number;
  /** m */
  readonly queries: number;
  /** First symbols are the tokens 0 to symbols - 1, second symbols the next as many. */
  readonly symbols: number;
  /** Tokens that may be values: those that follow the symbols. */
  readonly values: number;
}

export function drawLookup(stream: RandomStream, { pairs, queries, symbols, values }: KeyValueLookup): TaskSequence {
  const shown = chooseDistinct(stream, pairs, symbols ** 2).map(key => {
    const value = 2 * symbols + below(stream, values);
    return [Math.floor(key / symbols), symbols + (key % symbols), value] as const;
  });
  const queried = Array.from({ length: queries }, () => below(stream, pairs));
  return {
    tokens: [...shown, ...queried.map(pair => shown[pair]!)].flat(),
    questions: queried.map((pair, j) => ({ place: 3 * (pairs + j) + 1, answer: shown[pair]![2], pair })),
  };
}

/**
 * Expected accuracy of a predictor that uses only the second symbol of a key and takes the value of
 * a random pair with this symbol: the accuracy of a model that matches one token only.
 */
export function halfKeyAccuracy({ tokens, questions }: TaskSequence): number {
  const pairs = tokens.length / 3 - questions.length;
  const right = questions.map(({ place, answer }) => {
    const alike = Array.from({ length: pairs }, (_, pair) => 3 * pair).filter(at => tokens[at + 1] === tokens[place]);
    return alike.filter(at => tokens[at + 2] === answer).length / alike.length;
  });
  return right.reduce((sum, share) => sum + share, 0) / questions.length;
}
