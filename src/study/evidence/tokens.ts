/** @file Every token that a study feeds: `<task>/tokens.jsonl`, and what the arms read. */
import type { Json } from '../../files/canonical-json.ts';
import { type Scoring, scoringOf } from '../../run/scoring.ts';
import { heldOutDemonstrations, type Query } from '../../task/sequence.ts';
import {
  firstDemonstrations,
  type Layout,
  relabelled,
  reordered,
  tokensShuffled,
  type Variant,
} from '../../task/variants.ts';
import { type ArmVariant, readArm } from './arm.ts';
import type { TaskPlan } from './plan.ts';
import { seedStreams } from './streams.ts';
import type { StudyInputs, TaskInputs } from './study-inputs.ts';

/** Training rows whose loss is measured before and after finetuning. */
export const HELD_OUT_ROWS = 16;

/** The token sequences of one task of a study. */
export interface TaskSequences {
  readonly plan: TaskPlan;
  readonly bos: number;
  /** 0 to behaviourRows - 1. */
  readonly queries: readonly Query[];
  /** Label words by label id. */
  readonly labelTokens: readonly (readonly number[])[];
  readonly scoring: Scoring;
  /** The demonstrations of a seed, or a variant of them. */
  readonly setOf: (seed: number, variant: ArmVariant) => Variant;
  /** The 16 training rows after the demonstrations of a seed. */
  readonly heldOut: (seed: number) => readonly Query[];
}

/** The sequences of a task. Variants are made on first use. */
export function taskSequences(
  { plan: { bos, separator }, model: { tokenizer } }: Pick<StudyInputs, 'plan' | 'model'>,
  { plan, task, sequences, other }: TaskInputs,
): TaskSequences {
  const layout: Layout = { bos, separator };
  const { queries, labelTokens } = sequences[0]!;
  return {
    plan,
    bos,
    queries,
    labelTokens,
    scoring: scoringOf(labelTokens, 'prompt-end'),
    setOf: (seed, variant) => {
      const same = sequences[seed - 1]!;
      const streams = seedStreams(seed);
      if (variant === 'task') return { set: other!.sets[seed - 1]! };
      if (variant === 'order') return reordered(same, layout, streams.order());
      if (variant === 'labels') return relabelled(same, layout, labelTokens, streams.labels());
      if (variant === 'tokens') return tokensShuffled(same, layout, streams.tokens);
      const shots = shotsOf(variant);
      return shots === undefined ? { set: same } : firstDemonstrations(same, layout, shots);
    },
    heldOut: seed => heldOutDemonstrations({ task, tokenizer, bos, seed, shots: plan.k }, HELD_OUT_ROWS),
  };
}

/** K of `shots-K`. */
function shotsOf(variant: ArmVariant): number | undefined {
  return variant.startsWith('shots-') ? Number(variant.slice('shots-'.length)) : undefined;
}

/**
 * The lines of `tokens.jsonl`: the exact ids of the prefix and of the steps of every arm, of each
 * query and label word, and of the held-out rows. No arm is described by another. Query rows of a
 * task whose label words have several tokens are the query followed by each label word but for its
 * last token (`scoringOf`).
 */
export function evidenceTokenLines(sequences: TaskSequences): readonly Json[] {
  const { plan, queries, labelTokens, heldOut } = sequences;
  const seeds = Array.from({ length: plan.seeds }, (_, i) => i + 1);
  return [
    ...queries.map(({ row, label, tokens }, index) => {
      return { kind: 'query', index, row, label, tokens, tap: tokens.length - 1 };
    }),
    ...labelTokens.map((tokens, label) => ({ kind: 'label', label, tokens })),
    ...seeds.flatMap(seed => {
      return heldOut(seed).map(({ row, label, tokens }, index) => ({
        ...{ kind: 'held-out', seed, index, row, label, tokens },
      }));
    }),
    ...plan.arms.flatMap(id => linesOfArm(id, sequences)),
  ];
}

/** None for a missing arm, as `labels` of a set with one label. */
function linesOfArm(id: string, { bos, setOf }: TaskSequences): readonly Json[] {
  const { setting, seed, variant } = readArm(id);
  const prefix = (tokens: readonly number[]) => ({ arm: id, kind: 'prefix', tokens });
  if (seed === null || variant === null) return [prefix([bos])];
  const { set } = setOf(seed, variant);
  if (set === null) return [];
  if (setting === 'in-context') return [prefix(set.prefixTokens)];
  const steps = set.finetuning.map((tokens, step) => {
    const { row, label } = set.demonstrations[step]!;
    return { arm: id, kind: 'finetuning', step, row, label, tokens };
  });
  return [...steps, prefix([bos])];
}
