import { expect, test } from 'vitest';
import { jackknife } from '../statistics/jackknife.ts';
import { randomStream, uniform } from '../statistics/random.ts';
import { correctedRecall, recallBeyondChance } from './corrected-recall.ts';

test.each([0, 0.2])(
  'eight sets of demonstrations, kappa %f within each label: its interval holds that in 93 of 100 studies at least',
  kappa => {
    const [studies, seeds, rows] = [2000, 8, 96];
    let held = 0;
    let heldBySeeds = 0;
    for (let study = 0; study < studies; study++) {
      const stream = randomStream(41, study, 10 * kappa);
      const gold = Array.from({ length: rows }, (_, i) => i % 2);
      const zeroShot = gold.map(y => (uniform(stream) < 0.4 ? y : 1 - y));
      const found = correctedRecall(
        Array.from({ length: seeds }, (_, seed) => {
          // How many rows each setting puts right depends on demonstrations and label.
          const chances = [0, 1].map(() => ({ f: 0.3 + 0.3 * uniform(stream), g: 0.3 + 0.3 * uniform(stream) }));
          const answers = gold.map(y => {
            const { f, g } = chances[y]!;
            const both = f * g + kappa * f * (1 - g);
            const drawn = uniform(stream);
            // both, finetuned alone, in-context alone, neither
            const [finetuned, inContext] = [drawn < f, drawn < both || (drawn >= f && drawn < f + g - both)];
            return { finetuned: finetuned ? y : 1 - y, inContext: inContext ? y : 1 - y };
          });
          return {
            ...{ seed, gold, zeroShot },
            inContext: answers.map(each => each.inContext),
            finetuned: answers.map(each => each.finetuned),
          };
        }),
      );
      const without = Array.from(
        { length: seeds },
        (_, left) => recallBeyondChance(found.strata.filter(({ seed }) => seed !== left)).kappa.value,
      );
      const bySeeds = jackknife(found.kappa.value!, [{ noun: 'seed', replicates: without }]);
      if (bySeeds.low! <= kappa && kappa <= bySeeds.high!) heldBySeeds++;
      const { low, high } = found.kappa.interval;
      if (low! <= kappa && kappa <= high!) held++;
    }
    // Over seeds alone as often as it says; over seeds and rows rather too often, since the two
    // share a part.
    expect(heldBySeeds / studies).toBeGreaterThanOrEqual(0.93);
    expect(heldBySeeds / studies).toBeLessThanOrEqual(0.985);
    expect(held / studies).toBeGreaterThanOrEqual(heldBySeeds / studies);
  },
  600_000,
);
