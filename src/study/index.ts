export type { ChapterNumber } from './dual-form/options.ts';
export {
  estimateTheory,
  runTheory,
  type StoredChapter,
  type TheoryEstimate,
  type TheoryOptions,
  type TheoryResult,
} from './dual-form/run-theory.ts';
export {
  estimateMomentum,
  type MomentumOptions,
  type MomentumResult,
  type MomentumRun,
  runMomentum,
  type StudyEstimate,
} from './momentum/index.ts';
