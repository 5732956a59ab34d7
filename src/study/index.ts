export {
  type ChapterNumber,
  estimateTheory,
  runTheory,
  type StoredChapter,
  type TheoryEstimate,
  type TheoryOptions,
  type TheoryResult,
} from './theory/theory.ts';
