/**
 * @file Markov chains in context (Edelman et al. 2024, arXiv:2402.11004): every sequence is a chain
 * with its own random transition matrix, each row uniform over all distributions (Dirichlet(1, ...,
 * 1)). The model predicts every next state. The first state is uniform.
 */
import { below, type RandomStream, uniform } from '../../statistics/random.ts';
import type { TaskSequence } from './task-sequence.ts';

export interface MarkovChain {
  readonly states: number;
  /** Tokens of a sequence. */
  readonly length: number;
}

export function drawChain(stream: RandomStream, { states, length }: MarkovChain): TaskSequence {
  const transitions = Array.from({ length: states }, () => evenDistribution(stream, states));
  const tokens = [below(stream, states)];
  while (tokens.length < length) tokens.push(drawFrom(stream, transitions[tokens.at(-1)!]!));
  return { tokens, questions: tokens.slice(1).map((answer, place) => ({ place, answer })) };
}

/**
 * Cross-entropy of each next state, in nats, under the optimal prediction, the posterior mean:
 *
 *     P(next = j | now = i) = (times j followed i + 1) / (times i was followed + states)
 */
export function bigramLosses(tokens: readonly number[], states: number): Float64Array {
  const counts = Array.from({ length: states }, () => new Float64Array(states).fill(1));
  return losses(tokens, (now, next) => countedShare(counts[now]!, next));
}

/**
 * The same from counts of single states: P(next = j) = (times j was seen + 1) /
 * (states seen + states).
 */
export function unigramLosses(tokens: readonly number[], states: number): Float64Array {
  const counts = new Float64Array(states).fill(1);
  countedShare(counts, tokens[0]!);
  return losses(tokens, (_, next) => countedShare(counts, next));
}

function losses(tokens: readonly number[], probability: (now: number, next: number) => number): Float64Array {
  return Float64Array.from({ length: tokens.length - 1 }, (_, t) => -Math.log(probability(tokens[t]!, tokens[t + 1]!)));
}

/** The share of `state` among the counts; counts it afterwards. */
function countedShare(counts: Float64Array, state: number): number {
  const share = counts[state]! / counts.reduce((sum, count) => sum + count, 0);
  counts[state]!++;
  return share;
}

/** Uniform over all distributions: exponential numbers divided by their sum. */
function evenDistribution(stream: RandomStream, n: number): Float64Array {
  const parts = Float64Array.from({ length: n }, () => -Math.log(1 - uniform(stream)));
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map(part => part / sum);
}

function drawFrom(stream: RandomStream, shares: Float64Array): number {
  let left = uniform(stream);
  const index = shares.findIndex(share => {
    left -= share;
    return left < 0;
  });
  // The sum of all shares may round to less than 1.
  return index === -1 ? shares.length - 1 : index;
}
