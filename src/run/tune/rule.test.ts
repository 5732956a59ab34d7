import { expect, test } from 'vitest';
import { chooseSteadyRate, mostAccurate, mostFrequent, type RateCandidate } from './rule.ts';

const N = 40;
const gold = Array.from({ length: N }, (_, row) => row % 2);
/** Right in the first `right` rows, wrong in the others. */
const answers = (right: number) => gold.map((label, row) => (row < right ? label : 1 - label));
const STEADY = { cosine: 0.9999, moved: 0, pass: true };
const rate = (learningRate: number, right: number, steady: RateCandidate['steady'] = STEADY): RateCandidate => ({
  learningRate,
  answers: answers(right),
  steady,
});
const chosen = (...rates: RateCandidate[]) => chooseSteadyRate(rates, gold);

test('of rates without a significant difference, the one nearest the middle of the steady range is chosen', () => {
  // All within two rows of the best: the middle of 0.001 to 0.009 is 0.005.
  const { learningRate, range } = chosen(rate(0.001, 30), rate(0.004, 28), rate(0.009, 29));
  expect({ learningRate, range }).toEqual({ learningRate: 0.004, range: [0.001, 0.009] });
});

test('a significantly less accurate rate is not chosen', () => {
  const { learningRate, verdicts } = chosen(rate(0.001, 36), rate(0.005, 10), rate(0.009, 36));
  expect(learningRate).toBe(0.001);
  expect(verdicts[1]!.behindBest!.difference).toBeCloseTo(-26 / 40, 12);
  expect(verdicts[1]!.behindBest!.high).toBeLessThan(0);
  expect(verdicts[2]!.behindBest).toMatchObject({ difference: 0, low: null, high: null, why: expect.any(String) });
});

test('a steady rate among refused ones is not chosen over a range of steady rates', () => {
  const moves = { cosine: 0.4, moved: 0.25, pass: false };
  const { learningRate, range } = chosen(
    rate(0.001, 30),
    rate(0.002, 30),
    rate(0.005, 31),
    rate(0.01, 40, moves),
    rate(0.02, 30),
    rate(0.05, 40, moves),
  );
  expect({ learningRate, range }).toEqual({ learningRate: 0.002, range: [0.001, 0.005] });
});

test('an unsteady rate is refused with its reason, and ends the range of its neighbours', () => {
  const moves = { cosine: 0.4, moved: 0.25, pass: false };
  const turns = { cosine: 0.93, moved: 0, pass: false };
  const { learningRate, range, verdicts } = chosen(
    rate(0.001, 20),
    rate(0.002, 21),
    rate(0.005, 40, moves),
    rate(0.01, 22),
    rate(0.02, 40, turns),
  );
  expect(learningRate).toBe(0.01);
  expect(range).toEqual([0.01, 0.01]);
  expect(verdicts.map(({ refused }) => refused)).toEqual([
    undefined,
    undefined,
    'a nudge by a millionth moves 25.0 % of the answers',
    undefined,
    'a nudge by a millionth turns the updates: mean cosine 0.930, below 0.99',
  ]);
});

test('a model that answers one label for (nearly) every row is refused, unless the rows have one label', () => {
  const ones = { learningRate: 0.01, answers: Array(N).fill(1) };
  const { learningRate, verdicts } = chooseSteadyRate([rate(0.001, 15), ones], gold);
  expect(learningRate).toBe(0.001);
  expect(verdicts[1]!.refused).toBe('answers label 1 for 100.0 % of the rows, which is right for 50.0 %');
  const oneLabel = Array(N).fill(1);
  expect(chooseSteadyRate([{ ...ones, steady: STEADY }], oneLabel).learningRate).toBe(0.01);
});

test('when every rate is refused, the error has a reason for each', () => {
  expect(chosen({ learningRate: 0.1 }, rate(0.2, 30, { cosine: null, moved: null, pass: false, why: 'no' }))).toEqual({
    learningRate: null,
    why: 'no rate can be chosen (0.1: diverged; 0.2: no)',
    verdicts: [
      { learningRate: 0.1, refused: 'diverged' },
      { learningRate: 0.2, refused: 'no' },
    ],
  });
});

test('the first of equally accurate points is the most accurate; the most frequent label is counted', () => {
  const points = [{ right: [true, false] }, { right: [false, true] }, { right: [false, false] }];
  expect(mostAccurate(points)).toBe(points[0]);
  expect(mostAccurate([])).toBeUndefined();
  expect(mostFrequent([2, 0, 2, 1])).toEqual({ label: 2, share: 0.5 });
});
