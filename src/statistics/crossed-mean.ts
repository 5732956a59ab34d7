import { type Estimate, estimateOf, withoutInterval } from './estimate.ts';
import { largest, withoutSpread } from './interval.ts';
import { sum } from './sum.ts';

/**
 * Mean of a complete table y[seed][row] whose seeds and rows are both random: the same rows
 * answered with several sets of demonstrations. With the mean squares of seeds, rows and residuals
 * (S - 1, R - 1 and (S - 1)(R - 1) degrees of freedom)
 *
 *     MS_d = R sum_d (y_d. - y..)^2 / (S - 1)       MS_i = S sum_i (y_.i - y..)^2 / (R - 1)
 *     MS_e = sum (y_di - y_d. - y_.i + y..)^2 / ((S - 1)(R - 1))
 *     V = max(MS_d + MS_i - MS_e, MS_d, MS_i) / (S R),    y..  +-  t sqrt(V)
 *
 * The degrees of freedom of t are Satterthwaite's (1946) for the sum, or those of the single term
 * if that is the maximum, the fewest where terms are equally large, rounded down to a whole number
 * of at least 1. To compare two conditions, subtract them in each cell first. (Clark 1973; Owen
 * 2007.)
 *
 * @throws RangeError if the table is empty or has gaps
 */
export function crossedMean(table: readonly (readonly number[])[], confidence = 0.95): Estimate {
  const [S, R] = [table.length, table[0]?.length ?? 0];
  if (S === 0 || R === 0 || table.some(row => row.length !== R)) throw new RangeError('crossedMean: a table with gaps');
  const cells = table.flat();
  const mean = sum(cells) / (S * R);
  if (S < 2 || R < 2) return withoutInterval(mean, `fewer than two ${S < 2 ? 'seeds' : 'rows'}`);
  if (withoutSpread(cells)) return withoutInterval(cells[0]!, 'all values are the same', 0);
  const { ofSeeds, ofRows, ofRest } = meanSquares(table, mean);
  const all = ofSeeds.square + ofRows.square - ofRest.square;
  const satterthwaite =
    all ** 2 / [ofSeeds, ofRows, ofRest].reduce((total, { square, df }) => total + square ** 2 / df, 0);
  const terms = [{ square: all, df: satterthwaite }, ofSeeds, ofRows];
  const most = Math.max(...terms.map(({ square }) => square));
  // Equal terms differ by rounding.
  const df = Math.min(...terms.filter(({ square }) => square >= most * (1 - 1e-9)).map(each => each.df));
  const error = Math.sqrt(most / (S * R));
  // Equal means of seeds and of rows differ by rounding.
  if (error <= 8 * Number.EPSILON * largest(cells)) {
    return withoutInterval(mean, 'the means of all seeds and of all rows are the same', 0);
  }
  return estimateOf(mean, error, Math.max(1, Math.floor(df + 1e-9)), confidence);
}

/** Standard deviations of a table y[seed][row]: of seeds, of rows, of the residuals. */
export interface CrossedDeviations {
  readonly seeds: number;
  readonly rows: number;
  readonly rest: number;
}

/**
 * Estimates them by the mean squares, negative variances as 0:
 *
 *     sd_d^2 = (MS_d - MS_e) / R,    sd_i^2 = (MS_i - MS_e) / S,    sd_e^2 = MS_e
 *
 * @throws RangeError if the table has gaps, or fewer than two seeds or rows
 */
export function crossedDeviations(table: readonly (readonly number[])[]): CrossedDeviations {
  const [S, R] = [table.length, table[0]?.length ?? 0];
  if (S < 2 || R < 2 || table.some(row => row.length !== R))
    throw new RangeError('crossedDeviations: the table has gaps, or fewer than two seeds or rows');
  const { ofSeeds, ofRows, ofRest } = meanSquares(table, sum(table.flat()) / (S * R));
  return {
    seeds: Math.sqrt(Math.max(0, ofSeeds.square - ofRest.square) / R),
    rows: Math.sqrt(Math.max(0, ofRows.square - ofRest.square) / S),
    rest: Math.sqrt(ofRest.square),
  };
}

function meanSquares(table: readonly (readonly number[])[], mean: number) {
  const [S, R] = [table.length, table[0]!.length];
  const seeds = table.map(row => sum(row) / R - mean);
  const rows = Array.from({ length: R }, (_, i) => sum(table.map(row => row[i]!)) / S - mean);
  const squares = (values: readonly number[]) => values.reduce((total, x) => total + x * x, 0);
  const rest = table.flatMap((row, d) => row.map((y, i) => y - mean - seeds[d]! - rows[i]!));
  const ofSeeds = { square: (R * squares(seeds)) / (S - 1), df: S - 1 };
  const ofRows = { square: (S * squares(rows)) / (R - 1), df: R - 1 };
  const ofRest = { square: squares(rest) / ((S - 1) * (R - 1)), df: (S - 1) * (R - 1) };
  return { ofSeeds, ofRows, ofRest };
}
