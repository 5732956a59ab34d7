export {
  type Arm,
  type ArmVariant,
  armOf,
  fileNameOf,
  pairedVariants,
  readArm,
  stepVariants,
  zeroShotArm,
} from './arm.ts';
export type { ArmData, ArmRecord, MissingArm, StoredArm } from './arm-record.ts';
export type {
  EvidenceEstimate,
  EvidenceResult,
  HypothesisResult,
  LadderRow,
  TaskEvidence,
} from './fold/result.ts';
export { type EvidencePlan, type HypothesisId, type HypothesisPlan, hypothesisIds, type TaskPlan } from './plan.ts';
export { type SeedStreams, seedStreams, untrainedStream } from './streams.ts';
export type { StudyData, TaskData } from './study-data.ts';
export type { EvidenceSubject } from './subject.ts';
