/** @file What the arms of a study take at a measured speed, and what comes on top of them. */
import { elements } from '../../model/decoder.ts';
import { memoryOfMachine } from '../../run/estimate/machine-memory.ts';
import { mappedBytes, mappedPlaces } from '../../run/estimate/mapped-weights.ts';
import type { Speed } from '../../run/estimate/speed.ts';
import { KENDALL_SECONDS, STARTS, secondsOfWork, shareFromDisk } from '../../run/estimate/stage-seconds.ts';
import type { Work } from '../../run/estimate/work.ts';
import { sum } from '../../statistics/sum.ts';
import { type Arm, armOf } from './arm.ts';
import { type ArmWork, armWorkOf } from './arm-cost.ts';
import { pilotOf } from './matched-rates.ts';
import { lastMatchedModel, stepsToMatch } from './part-cells.ts';
import type { PlannedStudy, PlannedTask } from './plan-study.ts';
import { type Unit, unitsOf } from './units.ts';

/** Drawing and writing a random number of a step or of an untrained model; measured. */
const DRAW_SECONDS = 6e-8;
/** Storing an arm, and releasing what it was made with; measured. */
const ARM_SECONDS = 0.1;
/** Reading and folding a number of an attention output; measured. */
const FOLD_SECONDS = 6e-8;
/** Of the time of work that is done while the compute process works: it takes a processor from it. */
const MEANWHILE = 0.5;
/** Rates that are tried until one matches; those of the embedded model. */
const TRIED_RATES = { 'layer-causal': 2, untrained: 4 } as const;
/** Sessions of a model: prefixes, observations, gradients, updates. */
const SESSIONS = 4;
/** Layer-causal gradients open a session that takes longer, and three that were closed for it, again; measured. */
const LAYER_CAUSAL_SESSIONS = 5;

/** Seconds of the parts of a study. */
export interface StudySeconds {
  readonly arm: (task: PlannedTask, arm: Arm, work: ArmWork) => number;
  /**
   * To start, open models and sessions, write untrained models, match rates and fold.
   *
   * @param units that are computed
   */
  readonly others: (units: readonly Unit[]) => number;
}

/** @param memory that the study takes, in bytes */
export function studySeconds(planned: PlannedStudy, speed: Speed, memory: number): StudySeconds {
  const { checkpoint, decoder } = planned.model;
  const mapped = mappedBytes(mappedPlaces(checkpoint, decoder));
  const fromDisk = shareFromDisk(mapped, memoryOfMachine() - (memory - mapped));
  const ofWork = (work: Work) => secondsOfWork(work, planned.model, { ...speed, fromDisk });
  const projections = elements(decoder.projections.flat());
  const layerCausalSessions = LAYER_CAUSAL_SESSIONS * speed.openSeconds;

  const beside = (task: PlannedTask, { variant, seed, setting, initialisation }: Arm) => {
    if (variant === 'layer-causal') return layerCausalSessions;
    if (variant === 'random') return MEANWHILE * projections * DRAW_SECONDS;
    if (variant !== 'same' || setting !== 'finetuned' || initialisation > 0) return 0;
    // Kendall three times.
    const context = task.sequences[seed! - 1]!.prefixTokens.length;
    return MEANWHILE * 3 * task.plan.rows * context * decoder.layers * KENDALL_SECONDS;
  };

  /** Zero-shot and in-context are observed once, finetuned at each rate that is tried. */
  const trying = (task: PlannedTask, variant: 'layer-causal' | 'nudged', rates: number) => {
    const workOf = armWorkOf(planned, task);
    const pilot = pilotOf(task.plan);
    const answering = (ofWork(workOf(armOf('finetuned', 1, 'random')).passes) * pilot.rows) / task.plan.rows;
    const steps = (ofWork(workOf(armOf('finetuned', 1, variant)).steps) * pilot.demonstrations) / task.plan.k;
    const sessions = variant === 'layer-causal' ? layerCausalSessions : 0;
    return (2 + rates) * answering + rates * (steps + sessions);
  };

  /** The size that is looked for, then the rates of all models up to the last one. */
  const matching = (task: PlannedTask, last: number) => {
    const models = Array.from({ length: last + 1 }, (_, initialisation) => initialisation);
    const kinds = models.flatMap(model => stepsToMatch(task.plan, model));
    const seconds = kinds.map(steps =>
      steps === 'layer-causal'
        ? trying(task, 'layer-causal', TRIED_RATES['layer-causal'])
        : trying(task, 'nudged', TRIED_RATES.untrained),
    );
    return kinds.length === 0 ? 0 : trying(task, 'nudged', 1) + sum(seconds);
  };

  return {
    arm: (task, arm, { passes, steps }) => ofWork(passes) + ofWork(steps) + beside(task, arm) + ARM_SECONDS,
    others: units => {
      const reading = (4e-9 * projections) / speed.loadedGigabytes + (1e-9 * mapped) / speed.fileGigabytes;
      const opening = speed.startSeconds + reading + SESSIONS * speed.openSeconds;
      const last = lastMatchedModel(units);
      const matched = planned.tasks.map(task => matching(task, last));
      const isWhole = units.length === unitsOf(planned.plan).length;
      const outputs = isWhole ? planned.plan.tasks.map(({ arms, rows }) => arms.length * rows) : [];
      const untrained = Math.max(0, last) * (opening + elements(decoder.tensors) * DRAW_SECONDS);
      const folding = sum(outputs) * decoder.layers * decoder.hiddenSize * FOLD_SECONDS;
      return STARTS * speed.startSeconds + opening + untrained + sum(matched) + folding;
    },
  };
}
