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
export { estimateEvidence as estimate, type StudyCost } from './cost.ts';
export { type ExportArmOptions, exportArm } from './export-arm.ts';
export type { Contrast } from './fold/contrasts.ts';
export { foldStudy as fold } from './fold/fold-study.ts';
export type {
  EvidenceEstimate,
  EvidenceResult,
  HypothesisResult,
  LadderRow,
  TaskEvidence,
} from './fold/result.ts';
export { changeEstimate } from './fold/shared.ts';
export { compared, similarity, similarityLess } from './fold/similarity.ts';
export { trained } from './fold/task-arms.ts';
export { foldFolder, readStudy as read } from './fold-folder.ts';
export type { EvidenceWishes } from './options.ts';
export { foldOwnContrast as contrast, type OwnContrast } from './own-contrast.ts';
export {
  type EvidencePlan,
  type HypothesisId,
  type HypothesisPlan,
  hypothesisIds,
  type SmallestEffects,
  type TaskPlan,
} from './plan.ts';
export type { PlannedStudy, PlannedTask } from './plan-study.ts';
export { readTaskData } from './read-study.ts';
export { planEvidence as plan, type Registration, registerEvidence as register } from './register-study.ts';
export { type ArmsStatus, type RunArmsOptions, runArms } from './run-arms.ts';
export { type OwnArm, runOwnArm as runArm } from './run-own-arm.ts';
export { type EvidenceOptions, type EvidenceRun, runEvidence as run } from './run-study.ts';
export { type SeedStreams, seedStreams, untrainedStream } from './streams.ts';
export type { StudyData, TaskData } from './study-data.ts';
export type { StudyInputs, TaskInputs } from './study-inputs.ts';
