export type { StoredChapter } from './dual-form/cell-kind.ts';
export { estimateTheory, type TheoryEstimate } from './dual-form/estimate-theory.ts';
export type { ChapterNumber } from './dual-form/options.ts';
export type { TheoryOptions } from './dual-form/prepare-theory.ts';
export { type RunTheoryOptions, runTheory, type TheoryResult } from './dual-form/run-theory.ts';
export * as evidence from './evidence/index.ts';
export {
  estimateMomentum,
  type MomentumOptions,
  type MomentumResult,
  type MomentumRun,
  runMomentum,
  type StudyEstimate,
} from './momentum/index.ts';
export { allKinds, cellKinds, cellProcess } from './sweep/cell-kinds.ts';
