/** @file A study of two tiny tasks with every kind of arm. */

import { conventionsOf } from '../../src/model/conventions.ts';
import { hasRotaryPositions } from '../../src/model/rotary-positions.ts';
import { openTextModel } from '../../src/run/prepare.ts';
import { armOf, zeroShotArm } from '../../src/study/evidence/arm.ts';
import { STATISTICS } from '../../src/study/evidence/hypotheses.ts';
import type { EvidencePlan, TaskPlan } from '../../src/study/evidence/plan.ts';
import type { StudyInputs, TaskInputs } from '../../src/study/evidence/study-inputs.ts';
import { openTask } from '../../src/task/open-task.ts';
import { buildDemonstrationSets, buildSequences } from '../../src/task/sequence.ts';
import { LETTERS, TINY_MODEL, WORDS } from '../run/tiny.ts';

export interface TinyStudy {
  readonly seeds?: number;
  readonly rate?: number;
  readonly tasks?: readonly string[];
}

/** Ids of all kinds of arms of `seeds` sets. */
export function everyArm(seeds: number): readonly string[] {
  const all = Array.from({ length: seeds }, (_, d) => d + 1);
  const paired = ['same', 'order', 'labels', 'tokens', 'task', 'shots-2'] as const;
  const steps = ['random', 'nudged', 'layer-causal', 'batch', 'rate-0.25', 'rate-4'] as const;
  const arms = [
    zeroShotArm(),
    ...all.flatMap(seed => [
      ...paired.flatMap(variant => [armOf('in-context', seed, variant), armOf('finetuned', seed, variant)]),
      ...steps.map(variant => armOf('finetuned', seed, variant)),
    ]),
    zeroShotArm(1),
    ...all.flatMap(seed => [
      armOf('in-context', seed, 'same', 1),
      armOf('finetuned', seed, 'same', 1),
      armOf('finetuned', seed, 'unmatched', 1),
    ]),
  ];
  return arms.map(({ id }) => id);
}

export async function tinyStudy({ seeds = 4, rate = 0.1, tasks = [LETTERS] }: TinyStudy = {}): Promise<StudyInputs> {
  const model = await openTextModel({ model: TINY_MODEL });
  const { checkpoint, decoder, tokenizer } = model;
  const conventions = conventionsOf(checkpoint, tokenizer);
  const k = 4;
  const inputs: TaskInputs[] = [];
  for (const file of tasks) {
    const [task, other] = [await openTask(file), await openTask(file === LETTERS ? WORDS : LETTERS)];
    const request = { ...conventions, tokenizer, context: decoder.context, shots: k };
    const all = Array.from({ length: seeds }, (_, d) => d + 1);
    const [rows, behaviourRows] = [6, 9];
    const plan: TaskPlan = {
      ...{ name: task.name, digest: task.digest, template: 'code', labels: task.labels, k, shotsAsked: k, seeds },
      ...{ rows, behaviourRows, rate, arms: everyArm(seeds) },
      otherTask: { name: other.name, digest: other.digest, template: 'code', k },
    };
    inputs.push({
      plan,
      task,
      sequences: all.map(seed => buildSequences({ ...request, task, seed, limit: behaviourRows })),
      other: { sets: all.map(seed => buildDemonstrationSets({ ...request, task: other, seed }, 1)[0]!) },
    });
  }
  const { layers, heads, hiddenSize } = decoder;
  const plan: EvidencePlan = {
    ...{ schema: 'dualform.evidence-plan/1', preset: 'tiny', tap: 'prompt-end', batchSize: 4, streams: 7001 },
    model: { name: checkpoint.name, digest: checkpoint.digest, configuration: '', tokenizer: tokenizer.digest },
    sizes: { layers, heads, hiddenSize, rotary: hasRotaryPositions(decoder) },
    ...conventions,
    tasks: inputs.map(each => each.plan),
    hypotheses: [],
    statistics: STATISTICS,
    seenBefore: [],
    pilot: null,
  };
  return { plan, model, tasks: inputs };
}
