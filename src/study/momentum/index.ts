export { estimateMomentum, type StudyEstimate } from './estimate.ts';
export type { MomentumResult } from './result.ts';
export { type MomentumOptions, type MomentumRun, runMomentum } from './run.ts';
