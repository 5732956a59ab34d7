/** @file The work of the arms of a study, counted from their sequences. */
import type { Decoder } from '../../model/decoder.ts';
import { addWork, NOTHING, passWork, prefixWork, stepWork, type Work } from '../../run/estimate/work.ts';
import { type Scoring, scoringOf } from '../../run/scoring.ts';
import { batches } from '../../task/batches.ts';
import type { DemonstrationSet, Query } from '../../task/sequence.ts';
import { type Arm, readArm } from './arm.ts';
import type { PlannedTask } from './plan-study.ts';
import type { StudyInputs, TaskInputs } from './study-inputs.ts';

/** The work of an arm, passes and steps apart. */
export interface ArmWork {
  readonly passes: Work;
  readonly steps: Work;
}

/** Held-out rows of `F/d/same`, before and after. */
const HELD_OUT = 2 * 16;

/** Counts the work of arms of a task. */
export function armWorkOf(
  { plan, model: { decoder } }: Pick<StudyInputs, 'plan' | 'model'>,
  { plan: task, sequences, other }: TaskInputs,
) {
  const { queries, labelTokens } = sequences[0]!;
  const scoring = scoringOf(labelTokens, 'prompt-end');
  const answering = (P: number, all: boolean) => {
    const own = [queries.slice(0, task.rows), ...(all ? [queries.slice(task.rows, task.behaviourRows)] : [])];
    return own.map(rows => queryWork(decoder, rows, scoring, plan.batchSize, P)).reduce(addWork, NOTHING);
  };
  return ({ setting, seed, variant, initialisation }: Arm): ArmWork => {
    const all = initialisation === 0 && (variant === null || variant === 'same');
    if (seed === null || variant === null) return { passes: answering(1, all), steps: NOTHING };
    const set = variant === 'task' ? other!.sets[seed - 1]! : firstOf(sequences[seed - 1]!, variant);
    if (setting === 'in-context') {
      const P = set.prefixTokens.length;
      return { passes: addWork(prefixWork(decoder, P), answering(P, all)), steps: NOTHING };
    }
    const steps = variant === 'random' ? NOTHING : stepsWork(decoder, set.finetuning, variant);
    const isSame = variant === 'same' && initialisation === 0;
    const losses = isSame ? lossWork(decoder, set.finetuning) : NOTHING;
    return { passes: addWork(answering(1, all), losses), steps };
  };
}

/** All arms of a task. */
export function armsOf({ plan }: PlannedTask): readonly Arm[] {
  return plan.arms.map(readArm);
}

function firstOf(set: DemonstrationSet, variant: string): Pick<DemonstrationSet, 'prefixTokens' | 'finetuning'> {
  const shots = /^shots-(\d+)$/.exec(variant)?.[1];
  if (shots === undefined) return set;
  const end = set.demonstrations[Number(shots)]?.start;
  return { prefixTokens: set.prefixTokens.slice(0, end), finetuning: set.finetuning.slice(0, Number(shots)) };
}

function queryWork(decoder: Decoder, queries: readonly Query[], scoring: Scoring, size: number, P: number): Work {
  const fed = queries.map(({ tokens }) => scoring.rows(tokens));
  return batches(
    fed.map(([first]) => first!),
    { size },
  )
    .map(batch => {
      const rows = batch.flatMap(i => fed[i]!);
      return passWork(
        decoder,
        rows.map(({ tokens, reads }) => ({ T: tokens.length, reads: reads.length })),
        P,
      );
    })
    .reduce(addWork, NOTHING);
}

function stepsWork(decoder: Decoder, sequences: DemonstrationSet['finetuning'], variant: string): Work {
  return sequences
    .map(({ length: T }) => addWork(stepWork(decoder, T), variant === 'layer-causal' ? terms(decoder, T) : NOTHING))
    .reduce(addWork, NOTHING);
}

/** Every layer but the last has a term of its own: logits of all tokens, and their gradient. */
function terms({ layers, hiddenSize: D, vocabulary: V }: Decoder, T: number): Work {
  return { ...NOTHING, flops: (layers - 1) * 4 * D * V * T, weights: (layers - 1) * 2 * D * V };
}

/** Losses of held-out rows, which are as long as the demonstrations. */
function lossWork(decoder: Decoder, sequences: DemonstrationSet['finetuning']): Work {
  const one = sequences.map(({ length: T }) => passWork(decoder, [{ T, reads: T }], 0)).reduce(addWork, NOTHING);
  return scaled(one, HELD_OUT / sequences.length);
}

function scaled(work: Work, by: number): Work {
  return Object.fromEntries(Object.entries(work).map(([name, value]) => [name, by * value])) as unknown as Work;
}
