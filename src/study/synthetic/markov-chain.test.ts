import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomStream } from '../../statistics/random.ts';
import { bigramLosses, drawChain, unigramLosses } from './markov-chain.ts';

const task = { states: 3, length: 40 };
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

test('every next state is a question, all states are in range, a seed repeats', () => {
  fc.assert(
    fc.property(fc.nat(), seed => {
      const chain = drawChain(randomStream(seed), task);
      expect(chain.tokens.length).toBe(40);
      expect(chain.tokens.every(state => Number.isInteger(state) && state >= 0 && state < 3)).toBe(true);
      expect(chain.questions).toEqual(chain.tokens.slice(1).map((answer, place) => ({ place, answer })));
      expect(drawChain(randomStream(seed), task)).toEqual(chain);
    }),
  );
});

test('counts, by hand: 0 1 0 1 1', () => {
  const shares = [1 / 2, 1 / 2, 2 / 3, 1 / 3];
  expect(bigramLosses([0, 1, 0, 1, 1], 2)).toBeAllClose(
    shares.map(share => -Math.log(share)),
    1e-14,
  );
  const ofAll = [1 / 3, 2 / 4, 2 / 5, 3 / 6];
  expect(unigramLosses([0, 1, 0, 1, 1], 2)).toBeAllClose(
    ofAll.map(share => -Math.log(share)),
    1e-14,
  );
});

test('the count predictor is the integral over all matrices: chain rule of the Dirichlet-multinomial', () => {
  // P(counts of one row in a given order) = Gamma(S) prod n_j! / Gamma(n + S), here by factorials,
  // for each row apart.
  const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 14 }), tokens => {
      let probability = 1;
      for (let now = 0; now < 3; now++) {
        const followers = tokens.slice(1).filter((_, t) => tokens[t] === now);
        const counts = [0, 1, 2].map(next => followers.filter(state => state === next).length);
        probability *= (factorial(2) * counts.map(factorial).reduce((a, b) => a * b)) / factorial(followers.length + 2);
      }
      expect(bigramLosses(tokens, 3).reduce((a, b) => a + b)).toBeCloseTo(-Math.log(probability), 10);
    }),
  );
});

test('counting pairs is better than counting states, which is better than chance; both get better with length', () => {
  const chains = Array.from({ length: 400 }, (_, seed) => drawChain(randomStream(9, seed), task).tokens);
  const bigram = chains.map(tokens => bigramLosses(tokens, 3));
  const unigram = chains.map(tokens => unigramLosses(tokens, 3));
  const late = (losses: Float64Array) => mean(losses.subarray(20));
  const early = (losses: Float64Array) => mean(losses.subarray(0, 5));
  expect(mean(bigram.map(late))).toBeLessThan(mean(unigram.map(late)) - 0.05);
  expect(mean(unigram.map(late))).toBeLessThan(Math.log(3) - 0.05);
  expect(mean(bigram.map(late))).toBeLessThan(mean(bigram.map(early)) - 0.1);
});

test('rows of the matrix are uniform over all distributions: for two states, the probability of a state is uniform', () => {
  // Long chains that begin in 0: how often 0 stays 0 shows the first entry of the row.
  const shares = Array.from({ length: 600 }, (_, seed) => {
    const { tokens } = drawChain(randomStream(2, seed), { states: 2, length: 2000 });
    const followers = tokens.slice(1).filter((_, t) => tokens[t] === 0);
    return followers.length < 50 ? undefined : followers.filter(state => state === 0).length / followers.length;
  }).filter(share => share !== undefined);
  const sorted = shares.toSorted((a, b) => a - b);
  // Kolmogorov and Smirnov at 0.1 %: 1.95 / sqrt(n), and a little for the counts' own noise and the
  // chains that were left out.
  const distance = Math.max(...sorted.map((share, i) => Math.abs(share - (i + 0.5) / sorted.length)));
  expect(distance).toBeLessThan(1.95 / Math.sqrt(sorted.length) + 0.03);
});
