export { Interrupted } from './interrupted.ts';
export { DEFAULT_MODEL, DEFAULT_TASK, type ExperimentOptions, type Tap } from './options.ts';
export { type Plan, signatureOf } from './plan.ts';
export { type Prepared, prepare } from './prepare.ts';
export type { OnProgress, Progress, Stage } from './progress.ts';
export type { Provenance, TimedStage, Timing } from './provenance.ts';
export type { ExampleRecord } from './records.ts';
export type { ExperimentResult } from './result.ts';
export { type RunOptions, type RunResult, runExperiment } from './run.ts';
