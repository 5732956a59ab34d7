export { benjaminiHochberg } from './benjamini-hochberg.ts';
export { type BootstrapOptions, pairedBootstrap } from './bootstrap.ts';
export { type CrossedDeviations, crossedDeviations, crossedMean } from './crossed-mean.ts';
export {
  detectableCorrelation,
  detectableEffect,
  detectableMean,
  effectiveDimension,
} from './detectable-effect.ts';
export { type Equivalence, equivalence } from './equivalence.ts';
export type { Estimate } from './estimate.ts';
export { holm } from './holm.ts';
export type { Bounds, Interval } from './interval.ts';
export { jackknife, type LeftOut } from './jackknife.ts';
export { type Matching, matchingTest } from './matching.ts';
export { mcnemarMidP } from './mcnemar.ts';
export { type MeanDifference, type MeanWithInterval, meanWithInterval, pairedT } from './paired-t.ts';
export { type PermutationTest, permutationTest, smallestPermutationP } from './permutation-test.ts';
export { type Verdict, verdictOf } from './verdict.ts';
export { wilson } from './wilson.ts';
