import type { Bounds } from '../statistics/interval.ts';
import { jackknife } from '../statistics/jackknife.ts';
import type { Replicated } from './replicated.ts';

/**
 * The rows of one gold label that zero-shot gets wrong, for one set of demonstrations: their
 * number, and how many the other settings correct.
 */
export interface RecallStratum {
  /** Of the demonstrations. */
  readonly seed: number;
  /** Gold label id. */
  readonly label: number;
  readonly n: number;
  readonly inContext: number;
  readonly finetuned: number;
  readonly both: number;
}

/** Predictions with one set of demonstrations. Every seed has the same rows in the same order. */
export interface SeededPredictions {
  readonly seed: number;
  readonly gold: ArrayLike<number>;
  readonly zeroShot: ArrayLike<number>;
  readonly inContext: ArrayLike<number>;
  readonly finetuned: ArrayLike<number>;
}

/** A ratio that may be undefined. */
export interface Ratio {
  /** Null, with `why`, if undefined. */
  readonly value: number | null;
  readonly why?: string;
}

export interface RecallBeyondChance {
  /** Rows that both correct: a. */
  readonly numerator: number;
  /** Rows that finetuning corrects: F. */
  readonly denominator: number;
  /** Expected a if the two were unrelated within each stratum: E. */
  readonly expected: number;
  readonly kappa: Ratio;
  readonly oddsRatio: Ratio;
  /** Variance of a if the two were unrelated within each stratum (hypergeometric). */
  readonly variance: number;
}

/**
 * Rec2FTP corrected for chance and label bias. In a stratum (one seed and gold label) of n rows
 * that zero-shot gets wrong, finetuning corrects f, in-context g, both b. If the two were unrelated
 * within the stratum, they would share f g / n on average. With sums over strata a = sum b, F = sum
 * f, E = sum f g / n
 *
 *     kappa_R = (a - E) / (F - E)
 *
 * which is 1 if in-context corrects all that finetuning does, 0 if the two are unrelated, and null
 * if F = E: then only the labels decide, as when in-context always answers the label that
 * finetuning moves to. Also the odds ratio of Mantel and Haenszel (1959), sum(b d / n) / sum(c e /
 * n) with d corrected by neither and c and e by one alone, and the variance of a, sum f (n - f) g
 * (n - g) / (n^2 (n - 1)).
 */
export function recallBeyondChance(strata: readonly Omit<RecallStratum, 'seed' | 'label'>[]): RecallBeyondChance {
  let [a, F, gap, agreeing, parting, variance] = [0, 0, 0, 0, 0, 0];
  for (const { n, inContext: g, finetuned: f, both: b } of strata) {
    if (n === 0) continue;
    a += b;
    F += f;
    // F - E as a sum, each term of which can be exactly 0.
    gap += (f * (n - g)) / n;
    agreeing += (b * (n - f - g + b)) / n;
    parting += ((f - b) * (g - b)) / n;
    if (n > 1) variance += (f * (n - f) * g * (n - g)) / (n * n * (n - 1));
  }
  const expected = F - gap;
  return {
    numerator: a,
    denominator: F,
    expected,
    kappa: kappaOf(a - expected, F, gap),
    oddsRatio: oddsOf(agreeing, parting),
    variance,
  };
}

function kappaOf(beyond: number, F: number, gap: number): Ratio {
  if (F === 0) return { value: null, why: 'finetuning puts right no example that zero-shot gets wrong' };
  if (gap === 0) {
    const why =
      'in-context puts right every example of each label of which finetuning puts any right: label bias alone gives that';
    return { value: null, why };
  }
  return { value: beyond / gap };
}

function oddsOf(agreeing: number, parting: number): Ratio {
  if (parting > 0) return { value: agreeing / parting };
  const why =
    agreeing > 0
      ? 'infinite: in no label do both settings put right an example that the other does not'
      : 'no label has examples for it';
  return { value: null, why };
}

/**
 * Strata of one set of demonstrations, by label, without labels that zero-shot always gets right.
 * @throws RangeError if lengths differ
 */
export function recallStrata({ seed, gold, zeroShot, inContext, finetuned }: SeededPredictions): RecallStratum[] {
  for (const predicted of [zeroShot, inContext, finetuned]) {
    if (predicted.length === gold.length) continue;
    throw new RangeError(`recallStrata: ${gold.length} gold labels and ${predicted.length} predictions`);
  }
  const strata = new Map<number, { -readonly [K in keyof RecallStratum]: RecallStratum[K] }>();
  for (let i = 0; i < gold.length; i++) {
    const label = gold[i]!;
    if (zeroShot[i] === label) continue;
    const stratum = strata.get(label) ?? { seed, label, n: 0, inContext: 0, finetuned: 0, both: 0 };
    strata.set(label, stratum);
    const [g, f] = [inContext[i] === label, finetuned[i] === label];
    stratum.n++;
    stratum.inContext += Number(g);
    stratum.finetuned += Number(f);
    stratum.both += Number(g && f);
  }
  return [...strata.values()].sort((a, b) => a.label - b.label);
}

/** The numbers of `recallBeyondChance`, with the interval of kappa. */
export interface CorrectedRecall extends Pick<RecallBeyondChance, 'expected' | 'oddsRatio'> {
  /**
   * Expected Rec2FTP if the two were unrelated within each label, in percent: 100 E / F; null if
   * Rec2FTP is.
   */
  readonly chance: number | null;
  readonly kappa: Ratio & { readonly interval: Bounds };
  readonly strata: readonly RecallStratum[];
}

/**
 * Rec2FTP beyond chance over one or several sets of demonstrations. The interval of kappa is the
 * jackknife's, over seeds and rows if there are several seeds, else over rows alone: then it covers
 * other rows with these demonstrations. A row is left out of all seeds at once.
 */
export function correctedRecall(settings: readonly SeededPredictions[]): CorrectedRecall {
  const strata = settings.flatMap(recallStrata);
  const { denominator, expected, kappa, oddsRatio } = recallBeyondChance(strata);
  const chance = denominator === 0 ? null : (100 * expected) / denominator;
  const interval = kappa.value === null ? none(kappa.why!) : intervalOf(recallReplicates(settings));
  return { expected, chance, kappa: { ...kappa, interval }, oddsRatio, strata };
}

function none(why: string): Bounds {
  return { low: null, high: null, why };
}

/**
 * kappa_R, or the odds ratio (`recallBeyondChance`), over seeds, with its values without each seed
 * and each row. A row is left out in all seeds at once.
 */
export function recallReplicates(
  settings: readonly SeededPredictions[],
  of: 'kappa' | 'oddsRatio' = 'kappa',
): Replicated {
  const strata = settings.map(recallStrata);
  const ratio = (left: readonly RecallStratum[]) => recallBeyondChance(left)[of];
  const { value, why } = ratio(strata.flat());
  return {
    value,
    ...(why !== undefined && { why }),
    seeds: settings.map((_, left) => ratio(strata.toSpliced(left, 1).flat()).value),
    rows: Array.from(
      settings[0]?.gold ?? [],
      (_, row) => ratio(settings.flatMap((setting, i) => withoutRow(strata[i]!, setting, row))).value,
    ),
    skipped: 0,
  };
}

function intervalOf({ value, seeds, rows }: Replicated): Bounds {
  const { low, high, why } = jackknife(value!, [
    ...(seeds.length > 1 ? [{ noun: 'seed', replicates: seeds }] : []),
    { noun: 'row', replicates: rows },
  ]);
  return { low, high, ...(why !== undefined && { why }) };
}

function withoutRow(
  strata: readonly RecallStratum[],
  { gold, zeroShot, inContext, finetuned }: SeededPredictions,
  row: number,
): readonly RecallStratum[] {
  const label = gold[row]!;
  if (zeroShot[row] === label) return strata;
  const [g, f] = [inContext[row] === label, finetuned[row] === label];
  return strata.map(stratum =>
    stratum.label !== label
      ? stratum
      : {
          ...stratum,
          n: stratum.n - 1,
          inContext: stratum.inContext - Number(g),
          finetuned: stratum.finetuned - Number(f),
          both: stratum.both - Number(g && f),
        },
  );
}
