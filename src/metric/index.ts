export { accuracy, correct, discordant } from './accuracy.ts';
export { type AccuracyTest, accuracyTests } from './accuracy-tests.ts';
export { centredCosines, permutedRows } from './across-rows.ts';
export type { ArmOutputs, ArmPair, NullMask, OutputShape } from './arm-outputs.ts';
export { kendall, kendallRandom, type TrainingTokens } from './attention-to-training-tokens.ts';
export {
  type CorrectedRecall,
  correctedRecall,
  type RecallBeyondChance,
  type RecallStratum,
  recallBeyondChance,
  recallReplicates,
  recallStrata,
  type SeededPredictions,
} from './corrected-recall.ts';
export { cosine, cosineOfUpdates } from './cosine.ts';
export { type ExplainedShares, explainedShares } from './explained-share.ts';
export { type AnsweredSeed, explainedShift, type LabelLogProbabilities } from './explained-shift.ts';
export { foldExamples, notMeasured, type Similarity } from './fold.ts';
export { kendallTauA, kendallTauB } from './kendall.ts';
export type { LayeredNumber } from './layer-replicates.ts';
export {
  type ExampleMetrics,
  KENDALL_EXAMPLES,
  type MeasureOptions,
  measure,
  type ObservedExample,
} from './measure.ts';
export type { Observation, ObservationShape } from './observation.ts';
export { orderSensitivity, sensitivityRatio, type TwoOrders } from './order-sensitivity.ts';
export { otherDemonstrations, type PairSimilarity, pairSimilarity, similarityMatrix } from './pair-similarity.ts';
export { type Partition, type Parts, partition, partNames } from './partition.ts';
export type { PerLayer } from './per-layer.ts';
export { type PredictedTwice, predictionKappa } from './prediction-kappa.ts';
export { type Predictions, type Rec2FTP, rec2ftp } from './rec2ftp.ts';
export { shareOfCeiling } from './reliability.ts';
export {
  combineReplicated,
  estimateOfReplicated,
  estimateOfTable,
  type Replicated,
  type SeededEstimate,
  type SeededTable,
} from './replicated.ts';
export { type ArmScores, type ScorePair, type ScoreShape, scoreCosines } from './score-similarity.ts';
export {
  changeVariation,
  demonstrationTable,
  demonstrationVariation,
  queryVariation,
  type SeedTable,
  sharedVariation,
  sharedVariationDifference,
  sharedVariations,
  type Variation,
} from './shared-variation.ts';
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
export {
  type Cosines,
  type LayerChoice,
  similarityDifference,
  similarityTable,
  updateCosines,
} from './update-similarity.ts';
export { updateSize } from './update-size.ts';
