import type { Replicated } from './replicated.ts';

/** Label ids that two arms predict for the same rows. */
export interface PredictedTwice {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/**
 * Cohen's kappa (1960) of the predictions of two arms over seeds: agreement beyond that of two arms
 * that answer each label as often, without looking at the row. With the agreement o and the chance
 * e = sum_c p_c q_c of each seed
 *
 *     kappa = sum_d (o - e) / sum_d (1 - e)
 *
 * Null where both arms give one and the same label to all rows in every seed.
 */
export function predictionKappa(seeds: readonly PredictedTwice[]): Replicated {
  const R = seeds[0]?.first.length ?? 0;
  for (const { first, second } of seeds) {
    if (first.length !== R || second.length !== R) throw new RangeError('predictionKappa: seeds of different rows');
  }
  const kappa = (of: readonly PredictedTwice[], without?: number) => {
    const n = R - (without === undefined ? 0 : 1);
    let [beyond, possible] = [0, 0];
    for (const { first, second } of of) {
      const [p, q] = [new Map<number, number>(), new Map<number, number>()];
      let agreeing = 0;
      for (let i = 0; i < R; i++) {
        if (i === without) continue;
        p.set(first[i]!, (p.get(first[i]!) ?? 0) + 1);
        q.set(second[i]!, (q.get(second[i]!) ?? 0) + 1);
        if (first[i] === second[i]) agreeing++;
      }
      // Counts, so that what should be 0 is 0.
      const chance = [...p].reduce((sum, [label, count]) => sum + count * (q.get(label) ?? 0), 0) / n;
      beyond += agreeing - chance;
      possible += n - chance;
    }
    return possible > 0 ? beyond / possible : null;
  };
  const value = kappa(seeds);
  return {
    value,
    ...(value === null && { why: R === 0 ? 'no rows' : 'both arms give every row the same label' }),
    seeds: seeds.map((_, d) => kappa(seeds.toSpliced(d, 1))),
    rows: Array.from({ length: R }, (_, i) => kappa(seeds, i)),
    skipped: 0,
  };
}
