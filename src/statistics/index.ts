export { benjaminiHochberg } from './benjamini-hochberg.ts';
export { type BootstrapOptions, pairedBootstrap } from './bootstrap.ts';
export { holm } from './holm.ts';
export type { Bounds, Interval } from './interval.ts';
export { type Jackknifed, jackknife, type LeftOut } from './jackknife.ts';
export { type Matching, matchingTest } from './matching.ts';
export { mcnemarMidP } from './mcnemar.ts';
export { type MeanDifference, type MeanWithInterval, meanWithInterval, pairedT } from './paired-t.ts';
export { wilson } from './wilson.ts';
