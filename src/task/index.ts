export { batches } from './batches.ts';
export { listTasks, openTask, TASK_NAMES, type TaskSummary } from './open-task.ts';
export { permutation } from './permutation.ts';
export type { Row } from './row.ts';
export { assertSameDemonstrations, type Fed } from './same-demonstrations.ts';
export {
  buildDemonstrationSets,
  buildSequences,
  chooseDemonstrations,
  type Demonstration,
  type DemonstrationSet,
  heldOutDemonstrations,
  type Query,
  type SequenceRequest,
  type Sequences,
  spaceForPrefix,
} from './sequence.ts';
export type { Task, TemplateVariant } from './task.ts';
export {
  firstDemonstrations,
  fittingShots,
  type Layout,
  relabelled,
  reordered,
  tokensShuffled,
  type Variant,
} from './variants.ts';
