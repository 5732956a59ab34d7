/**
 * @file Markov chains in context (Edelman et al. 2024, arXiv:2402.11004): every sequence is a chain
 * with a random transition matrix of its own, each row drawn evenly from all distributions
 * (Dirichlet(1, ..., 1)); the model foretells every next state. The first state is even.
 */
import { below, type RandomStream, uniform } from '../../statistics/random.ts';
import type { AskedSequence } from './asked-sequence.ts';

export interface MarkovChain {
  readonly states: number;
  /** Tokens of a sequence. */
  readonly length: number;
}

export function drawChain(stream: RandomStream, { states, length }: MarkovChain): AskedSequence {
  const transitions = Array.from({ length: states }, () => evenDistribution(stream, states));
  const tokens = [below(stream, states)];
  while (tokens.length < length) tokens.push(drawFrom(stream, transitions[tokens.at(-1)!]!));
  return { tokens, questions: tokens.slice(1).map((answer, place) => ({ place, answer })) };
}

/**
 * Cross-entropy of each next state, in nats, under the best that can be foretold: the mean of all
 * chains, each as likely as it is behind what was seen,
 *
 *     P(next = j | now = i) = (times j followed i + 1) / (times i was followed + states)
 */
export function bigramLosses(tokens: readonly number[], states: number): Float64Array {
  const counts = Array.from({ length: states }, () => new Float64Array(states).fill(1));
  return losses(tokens, (now, next) => countedShare(counts[now]!, next));
}

/**
 * From how often each state was seen, whatever stands now: P(next = j) = (times j was seen + 1) /
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

/** Exponential numbers divided by their sum. */
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
  // Rounding may leave the sum of all shares a hair below 1.
  return index === -1 ? shares.length - 1 : index;
}
