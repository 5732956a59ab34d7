/** @file What `tune` returns: the choices of both rules, and every point of the grid. */
import { UserError } from '../../error.ts';
import { correct } from '../../metric/accuracy.ts';
import type { Steadiness } from '../../metric/steadiness.ts';
import type { Interval } from '../../statistics/interval.ts';
import { wilson } from '../../statistics/wilson.ts';
import type { Row } from '../../task/row.ts';
import type { Attempt, Grid } from './grid.ts';
import type { Rule } from './options.ts';
import { chooseSteadyRate, mostAccurate, mostFrequent, type RateVerdict, rightRows } from './rule.ts';

export interface Validated {
  /** Null, with `why`, where a number was not finite. */
  readonly accuracy: number | null;
  readonly why?: string;
  readonly n: number;
  /** Wilson, 95 %. */
  readonly interval: Interval | null;
  /**
   * The most frequent answer: its label id and its share of the rows; null where the model
   * diverged.
   */
  readonly mostFrequent: { readonly label: number; readonly share: number } | null;
}

export type GridPoint =
  | ({ readonly kind: 'seed'; readonly seed: number } & Validated)
  | ({
      readonly kind: 'learning-rate';
      /**
       * How far a nudge by a millionth moves the model; null where the rate is refused for its
       * answers alone.
       */
      readonly steady: Steadiness | null;
    } & RateVerdict &
      Validated);

export interface TuneResult {
  readonly schema: 'dualform.tune/1';
  readonly model: string;
  readonly task: string;
  readonly rule: Rule;
  readonly seed: number;
  readonly learningRate: number;
  /**
   * The choice of the rule `steady`, and the ends of its steady range; null, with `why`, when it
   * refuses every rate.
   */
  readonly steady: { readonly learningRate: number; readonly range: readonly [number, number] } | null;
  readonly why?: string;
  /** The choice of the rule `paper`. */
  readonly mostAccurate: number;
  /** Demonstrations of the chosen seed. */
  readonly shots: number;
  readonly zeroShot: Validated;
  readonly grid: readonly GridPoint[];
  /** Original ids of the validation rows, which are training rows. */
  readonly rows: readonly number[];
  /** Share of each label among them, by label id. */
  readonly goldShares: readonly number[];
}

export interface TuneSubject {
  readonly model: string;
  readonly task: string;
  readonly rule: Rule;
  readonly shots: number;
  readonly rows: readonly Row[];
  /** Label ids of the validation rows. */
  readonly gold: readonly number[];
  /** Number of labels. */
  readonly labels: number;
}

/** @throws UserError when finetuning diverges at each rate, or the rule can choose no rate */
export function foldTune(
  { zeroShot, seeds, seed, rates }: Grid,
  { model, task, rule, shots, rows, gold, labels }: TuneSubject,
): TuneResult {
  const choice = chooseSteadyRate(
    rates.map(({ learningRate, attempt: { labels: answers }, steady }) => ({
      learningRate,
      ...(answers && { answers }),
      ...(steady && { steady }),
    })),
    gold,
  );
  const best = mostAccurate(
    rates.flatMap(({ learningRate, attempt: { labels: answers } }) =>
      answers === undefined ? [] : [{ learningRate, right: rightRows(answers, gold) }],
    ),
  );
  const given = `\`learningRates\` ${rates.map(({ learningRate }) => learningRate).join(',')}`;
  if (best === undefined) {
    throw new UserError(`${given}: finetuning diverges at each`, { remedy: 'give lower rates' });
  }
  if (rule === 'steady' && choice.learningRate === null) {
    throw new UserError(`${given}: ${choice.why}`, { remedy: 'give other rates, or `rule` paper' });
  }
  return {
    schema: 'dualform.tune/1',
    model,
    task,
    rule,
    seed,
    learningRate: rule === 'paper' ? best.learningRate : choice.learningRate!,
    steady: choice.learningRate === null ? null : { learningRate: choice.learningRate, range: choice.range! },
    ...(choice.why !== undefined && { why: choice.why }),
    mostAccurate: best.learningRate,
    shots,
    zeroShot: validated(zeroShot, gold),
    grid: [
      ...seeds.map(({ seed, attempt }) => ({ kind: 'seed' as const, seed, ...validated(attempt, gold) })),
      ...rates.map(({ attempt, steady }, i) => ({
        kind: 'learning-rate' as const,
        ...choice.verdicts[i]!,
        ...validated(attempt, gold),
        steady,
      })),
    ],
    rows: rows.map(({ id }) => id),
    goldShares: Array.from({ length: labels }, (_, label) => gold.filter(each => each === label).length / gold.length),
  };
}

function validated({ labels: answers, why }: Attempt, gold: readonly number[]): Validated {
  const n = gold.length;
  if (answers === undefined) return { accuracy: null, why, n, interval: null, mostFrequent: null };
  const right = correct(gold, answers);
  return { accuracy: right / n, n, interval: wilson(right, n), mostFrequent: mostFrequent(answers) };
}
