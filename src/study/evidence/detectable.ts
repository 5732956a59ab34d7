/** @file What a study can show, before it is computed. */
import type { CrossedDeviations } from '../../statistics/crossed-mean.ts';
import { detectableCorrelation, detectableMean } from '../../statistics/detectable-effect.ts';
import { smallestPermutationP } from '../../statistics/permutation-test.ts';
import { readPilot } from './pilot.ts';
import type { EvidencePlan } from './plan.ts';

/** What a task of a study can show. */
export type Detectable = {
  readonly task: string;
  /** Smallest true S, and difference of S, that is found in 80 % at 5 %. */
  readonly similarity: number;
  /** Smallest true R_X that is found in 80 % at 5 %. */
  readonly sharedVariation: number;
  /** Smallest p that the permutation test of H1 can give, before it is adjusted. */
  readonly smallestP: number;
  /** From which the first two are planned. */
  readonly deviations: CrossedDeviations;
  readonly effectiveDimension: number;
  /** Whether they come from a pilot. */
  readonly piloted: boolean;
};

/** Deviations of S over seeds, rows and the rest (logs of Deutch et al., and rows of SST-2). */
const DEVIATIONS: CrossedDeviations = { seeds: 0.02, rows: 0.02, rest: 0.03 };
const DIMENSION = 8;

/** What each task of a plan can show. @param pilot the folder of the study that plans it */
export async function detectableOf(plan: EvidencePlan, pilot: string | undefined): Promise<readonly Detectable[]> {
  const measured = pilot === undefined ? [] : await readPilot(pilot);
  return plan.tasks.map(({ name, seeds, rows }): Detectable => {
    const found = measured.find(({ task }) => task === name) ?? measured[0];
    const deviations = found?.deviations ?? DEVIATIONS;
    const effectiveDimension = found?.effectiveDimension ?? DIMENSION;
    return {
      task: name,
      similarity: detectableMean(seeds, rows, deviations),
      sharedVariation: detectableCorrelation(seeds, effectiveDimension),
      smallestP: smallestPermutationP(seeds, plan.statistics.permutations),
      deviations,
      effectiveDimension,
      piloted: found !== undefined,
    };
  });
}
