/** @file The choice of a learning rate from a grid: a pure function of its points. */
import { LEAST_COSINE, MOST_MOVED, type Steadiness } from '../../metric/steadiness.ts';
import type { Bounds } from '../../statistics/interval.ts';
import { meanWithInterval } from '../../statistics/paired-t.ts';

/** From this share of the rows on, a model in effect answers one label only. */
const ONE_LABEL = 0.95;

/** A learning rate with its answers to the validation rows. */
export interface RateCandidate {
  readonly learningRate: number;
  /** Label ids, row by row; absent where finetuning diverged. */
  readonly answers?: readonly number[];
  /** Absent where the rate is refused for its answers alone. */
  readonly steady?: Steadiness;
}

/**
 * A mean paired difference; without an interval, and why, where every row has the same difference.
 */
type Difference = { readonly difference: number } & Bounds;

/** The verdict of the rule on a learning rate. */
export interface RateVerdict {
  readonly learningRate: number;
  /** Why the rate cannot be chosen by the steady rule; absent where it can. */
  readonly refused?: string;
  /**
   * Accuracy minus that of the most accurate rate that is not refused, with the paired 95 % t
   * interval over rows. Absent where the rate is refused.
   */
  readonly behindBest?: Difference;
}

export interface RateChoice {
  /** Null, with `why`, where every rate is refused. */
  readonly learningRate: number | null;
  readonly why?: string;
  /** Of the steady range that holds the choice: the lowest and the highest rate. */
  readonly range?: readonly [number, number];
  readonly verdicts: readonly RateVerdict[];
}

/**
 * Chooses by the rule `steady`.
 *
 * A rate is refused when it diverges, when a nudge moves its answers or its updates, or when it
 * answers (nearly) one label for every row although the rows do not. Let b be the most accurate of
 * the other rates (the lowest of equal ones), and its steady range the neighbouring rates around b
 * that are not refused. Rates of that range whose paired interval of the accuracy difference to b
 * contains 0 are as good as b. Of these the rate nearest the middle of the range (the mean of its
 * ends) is chosen, the lowest of equally near ones.
 *
 * @param rates in ascending order
 * @param gold label ids of the validation rows
 */
export function chooseSteadyRate(rates: readonly RateCandidate[], gold: readonly number[]): RateChoice {
  const refusals = rates.map(rate => refusal(rate, gold));
  const open = rates.flatMap((rate, i) =>
    refusals[i] === undefined ? [{ ...rate, i, right: rightRows(rate.answers, gold) }] : [],
  );
  const best = mostAccurate(open);
  if (best === undefined) {
    const verdicts = rates.map(({ learningRate }, i) => ({ learningRate, refused: refusals[i]! }));
    const reasons = verdicts.map(({ learningRate, refused }) => `${learningRate}: ${refused}`).join('; ');
    return { learningRate: null, why: `no rate can be chosen (${reasons})`, verdicts };
  }
  const behind = new Map(open.map(({ i, right }) => [i, difference(right, best.right)]));
  const [low, high] = steadyRange(refusals, best.i);
  const range = [rates[low]!.learningRate, rates[high]!.learningRate] as const;
  const middle = (range[0] + range[1]) / 2;
  const distance = (rate: RateCandidate) => Math.abs(rate.learningRate - middle);
  const chosen = open
    .filter(({ i }) => i >= low && i <= high && !isBehind(behind.get(i)!))
    .reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return {
    learningRate: chosen.learningRate,
    range,
    verdicts: rates.map(({ learningRate }, i) => {
      const refused = refusals[i];
      return refused === undefined ? { learningRate, behindBest: behind.get(i)! } : { learningRate, refused };
    }),
  };
}

/** The point with the highest accuracy; the first of equal ones. Undefined for no points. */
export function mostAccurate<P extends { readonly right: readonly boolean[] }>(points: readonly P[]): P | undefined {
  const score = ({ right }: P) => right.filter(Boolean).length;
  return points.reduce<P | undefined>((top, point) => (top && score(top) >= score(point) ? top : point), undefined);
}

/** Whether each answer is right; none is without answers. */
export function rightRows(answers: readonly number[] | undefined, gold: readonly number[]): readonly boolean[] {
  return gold.map((label, row) => answers?.[row] === label);
}

/** The most frequent label and its share. */
export function mostFrequent(labels: readonly number[]): { readonly label: number; readonly share: number } {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [label, count] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  return { label, share: count / labels.length };
}

function refusal({ answers, steady }: RateCandidate, gold: readonly number[]): string | undefined {
  if (answers === undefined) return 'diverged';
  return refusalOfAnswers(answers, gold) ?? (steady && refusalOfNudge(steady));
}

/** Why a rate with these answers is refused; undefined where only a nudge can tell. */
export function refusalOfAnswers(answers: readonly number[], gold: readonly number[]): string | undefined {
  const { label, share } = mostFrequent(answers);
  const ofGold = gold.filter(each => each === label).length / gold.length;
  if (share < ONE_LABEL || ofGold >= ONE_LABEL) return undefined;
  return `answers label ${label} for ${percent(share)} of the rows, which is right for ${percent(ofGold)}`;
}

function refusalOfNudge({ pass, moved, cosine, why }: Steadiness): string | undefined {
  if (pass) return undefined;
  if (moved === null) return why!;
  if (moved > MOST_MOVED) return `a nudge by a millionth moves ${percent(moved)} of the answers`;
  if (cosine === null) return why!;
  return `a nudge by a millionth turns the updates: mean cosine ${cosine.toFixed(3)}, below ${LEAST_COSINE}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function difference(a: readonly boolean[], b: readonly boolean[]): Difference {
  const each = a.map((right, row) => Number(right) - Number(b[row]));
  // One row has no interval.
  const { mean, low, high, why } = meanWithInterval(each) ?? { mean: each[0]!, low: null, high: null, why: 'one row' };
  return { difference: mean, low, high, ...(why !== undefined && { why }) };
}

/** Whether a rate is significantly less accurate than the most accurate one. */
function isBehind({ difference: mean, high }: Difference): boolean {
  return mean < 0 && (high === null || high < 0);
}

/** The ends of the neighbouring rates around rate `i` that are not refused. */
function steadyRange(refusals: readonly (string | undefined)[], i: number): readonly [number, number] {
  let [low, high] = [i, i];
  while (low > 0 && refusals[low - 1] === undefined) low--;
  while (high < refusals.length - 1 && refusals[high + 1] === undefined) high++;
  return [low, high];
}
