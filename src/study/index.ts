export {
  estimateMomentum,
  type MomentumOptions,
  type MomentumResult,
  type MomentumRun,
  runMomentum,
  type StudyEstimate,
} from './momentum/index.ts';
export {
  type ChapterNumber,
  estimateTheory,
  runTheory,
  type StoredChapter,
  type TheoryEstimate,
  type TheoryOptions,
  type TheoryResult,
} from './theory/theory.ts';
