export { accuracy, correct, discordant } from './accuracy.ts';
export { type AccuracyTest, accuracyTests } from './accuracy-tests.ts';
export { kendall, kendallRandom, type TrainingTokens } from './attention-to-training-tokens.ts';
export {
  type CorrectedRecall,
  correctedRecall,
  type RecallBeyondChance,
  type RecallStratum,
  recallBeyondChance,
  recallStrata,
  type SeededPredictions,
} from './corrected-recall.ts';
export { cosine, cosineOfUpdates } from './cosine.ts';
export { foldExamples, notMeasured, type Similarity } from './fold.ts';
export { kendallTauA, kendallTauB } from './kendall.ts';
export {
  type ExampleMetrics,
  KENDALL_EXAMPLES,
  type MeasureOptions,
  measure,
  type ObservedExample,
} from './measure.ts';
export type { Observation, ObservationShape } from './observation.ts';
export type { PerLayer } from './per-layer.ts';
export { type Predictions, type Rec2FTP, rec2ftp } from './rec2ftp.ts';
export { simAM, simAMDelta } from './sim-am.ts';
export { simAOU, simAOURandom, simAOUUnnormalised } from './sim-aou.ts';
export {
  type ComparedRow,
  cosinesOfNudge,
  LEAST_COSINE,
  MOST_MOVED,
  NUDGE,
  type Steadiness,
  steadiness,
} from './steadiness.ts';
export { type Similarities, summarise } from './summarise.ts';
