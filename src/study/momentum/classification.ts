/**
 * @file Classification in context by a model of the study, with the functions of `dualform run`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFolder } from '../../checkpoint/sources/open-folder.ts';
import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { writeText } from '../../files/run-folder.ts';
import { correct } from '../../metric/accuracy.ts';
import { conventionsOf } from '../../model/conventions.ts';
import { type LoadedModel, loadModel } from '../../model/loaded-model.ts';
import { makeScorer } from '../../run/scorer.ts';
import { scoringOf } from '../../run/scoring.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import { inContext } from '../../setting/setting.ts';
import { buildSequences, type Sequences } from '../../task/sequence.ts';
import type { Task } from '../../task/task.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import { writeWeights } from '../../train/model-folder.ts';
import type { Numbers, Objective } from '../../train/objective.ts';
import type { LanguagePlan } from './plan.ts';

/** A task with the token sequences for all models of the study. */
export interface Classification {
  readonly task: Task;
  readonly sequences: Sequences;
}

/** @throws UserError when the context has no space for a demonstration before the longest row */
export function prepareClassification(
  task: Task,
  tokenizer: Tokenizer,
  config: Readonly<Record<string, unknown>>,
  { context, classification: { shots, rows, seed } }: LanguagePlan,
): Classification {
  const conventions = conventionsOf({ config, source: 'the model of the study' }, tokenizer);
  return { task, sequences: buildSequences({ task, tokenizer, ...conventions, shots, seed, limit: rows, context }) };
}

/** Accuracy of the model after the demonstrations, as a share. */
export async function classify(model: LoadedModel, { task, sequences }: Classification): Promise<number> {
  const { queries, labelTokens, prefixTokens } = sequences;
  const score = makeScorer(queries, scoringOf(labelTokens, 'prompt-end'), ROWS_TOGETHER);
  const { labels } = await releaseAfter(model, async owner =>
    score(owner, await inContext(owner, prefixTokens), { doing: `classifying ${task.name}` }),
  );
  const gold = queries.map(({ label }) => label);
  return correct(gold, labels) / gold.length;
}

const ROWS_TOGETHER = 16;

/** Share of the most frequent label. */
export function mostFrequentLabel({ task, sequences: { queries } }: Classification): number {
  const counts = task.labels.map((_, label) => queries.filter(query => query.label === label).length);
  return Math.max(...counts) / queries.length;
}

/**
 * Writes a trained model as a checkpoint, loads it, and removes it after use.
 */
export async function withTrainedModel<T>(
  runtime: Runtime,
  trained: {
    readonly objective: Objective;
    readonly parameters: Numbers;
    readonly config: Readonly<Record<string, unknown>>;
  },
  use: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'dualform-momentum-'));
  try {
    await writeText(join(folder, 'config.json'), prettyJson(trained.config as Json));
    await writeWeights(folder, trained.objective.parameters, trained.parameters);
    const checkpoint = await openFolder(folder);
    return await releaseAfter({ runtime }, async owner => use(await loadModel(checkpoint, owner.runtime)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
