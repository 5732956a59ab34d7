export { benjaminiHochberg } from './benjamini-hochberg.ts';
export { type BootstrapOptions, pairedBootstrap } from './bootstrap.ts';
export { mcnemarMidP } from './mcnemar.ts';
export { type MeanDifference, meanWithInterval, pairedT } from './paired-t.ts';
export { type Interval, wilson } from './wilson.ts';
