export { type BootstrapOptions, pairedBootstrap } from './bootstrap.ts';
export { mcnemarMidP } from './mcnemar.ts';
export { type Interval, wilson } from './wilson.ts';
