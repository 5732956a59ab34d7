import type { Eta } from './plan.ts';
import type { Comparison, MomentumResult } from './result.ts';

const SIGNIFICANCE_LEVEL = 0.05;

/** Whether a difference to plain attention is significant after adjusting for all comparisons of its table. */
export function isSignificant({ adjusted }: Comparison): boolean {
  return adjusted !== null && adjusted < SIGNIFICANCE_LEVEL;
}

/** In how many columns of a table each eta is significantly better, and worse, than plain attention. */
export function betterAndWorse({ columns, rows }: MomentumResult['tables'][number]): readonly {
  readonly eta: Eta;
  readonly better: number;
  readonly worse: number;
}[] {
  return rows
    .filter(({ eta }) => eta !== 0)
    .map(({ eta, entries }) => {
      const better = entries.flatMap(({ difference }, i) =>
        difference === undefined || !isSignificant(difference)
          ? []
          : [difference.difference < 0 === (columns[i]!.better === 'lower')],
      );
      const count = better.filter(Boolean).length;
      return { eta, better: count, worse: better.length - count };
    });
}
