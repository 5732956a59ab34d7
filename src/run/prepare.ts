import { createHash } from 'node:crypto';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import type { OpenOptions } from '../checkpoint/open-options.ts';
import type { Precision } from '../device.ts';
import { UserError } from '../error.ts';
import { canonicalJson, type Json } from '../files/canonical-json.ts';
import type { Hooks } from '../hooks.ts';
import { type Conventions, conventionsOf } from '../model/conventions.ts';
import type { Decoder } from '../model/decoder.ts';
import { runWithMomentum } from '../model/momentum.ts';
import { openDecoder } from '../model/open-decoder.ts';
import { precisionOf, runInPrecision } from '../model/precision.ts';
import { openTask } from '../task/open-task.ts';
import { assertSameDemonstrations } from '../task/same-demonstrations.ts';
import { buildSequences, type Sequences } from '../task/sequence.ts';
import type { Task, TemplateVariant } from '../task/task.ts';
import { withoutLeaks } from '../task/warnings.ts';
import { openTokenizer, type Tokenizer } from '../tokenizer/tokenizer.ts';
import { DEFAULT_LIMIT } from './defaults.ts';
import { type ExperimentOptions, readOptions } from './options.ts';
import { choosePreset, type Preset } from './paper/preset.ts';
import { chosenNumbers, makePlan, type Plan, signatureOf } from './plan.ts';
import { type Scoring, scoringOf } from './scoring.ts';

/** A text model that was found; no weights are loaded. */
export interface TextModel {
  readonly checkpoint: Checkpoint;
  readonly decoder: Decoder;
  readonly tokenizer: Tokenizer;
}

/** A text model and a task that were found; no weights are loaded. */
export interface Subject extends TextModel {
  readonly conventions: Conventions;
  readonly task: Task;
}

/** A run before its first computation. */
export interface Prepared extends Subject {
  readonly plan: Plan;
  readonly signature: string;
  readonly sequences: Sequences;
  readonly scoring: Scoring;
  readonly preset?: Preset;
}

/** The model that is requested. */
export interface ModelWishes {
  readonly model: string;
  readonly heads?: number | undefined;
  readonly momentum?: number | undefined;
  readonly precision?: Precision | undefined;
}

/** Options for opening a model and a task, including downloads. */
function opening({ offline, onProgress, signal }: Hooks): OpenOptions {
  return {
    offline: offline ?? false,
    ...(signal && { signal }),
    onProgress: ({ stage, done, total }) => onProgress?.({ stage: 'load', done, total, unit: 'bytes', part: stage }),
  };
}

/** Finds model and tokenizer. @throws UserError when one is missing or cannot be used */
export async function openTextModel(
  { model, heads, momentum, precision }: ModelWishes,
  options: Hooks = {},
): Promise<TextModel> {
  const found = await openCheckpoint(model, { ...opening(options), heads });
  const checkpoint = runInPrecision(runWithMomentum(found, momentum), precision);
  const decoder = await openDecoder(checkpoint);
  if (checkpoint.tokenizer === undefined) {
    throw new UserError(
      `${checkpoint.source}: there is no tokenizer.json, and a task needs text; put it next to the model`,
    );
  }
  return { checkpoint, decoder, tokenizer: await openTokenizer(checkpoint.tokenizer) };
}

/** Finds task, model and tokenizer. @throws UserError when one is missing or cannot be used */
export async function openSubject(
  wishes: ModelWishes & {
    readonly task: string;
    readonly template: TemplateVariant;
    readonly separator?: string | undefined;
    readonly bos?: string | undefined;
  },
  options: Hooks,
  openModel = (asked: ModelWishes) => openTextModel(asked, options),
): Promise<Subject> {
  const task = await openTask(wishes.task, { ...opening(options), template: wishes.template });
  const model = await openModel(wishes);
  return { ...model, conventions: conventionsOf(model.checkpoint, model.tokenizer, wishes), task };
}

/**
 * Fixes every choice of a run: reads the options, opens what they name (the weights stay where they
 * are), chooses demonstrations, makes token sequences and proves that in-context and finetuned see
 * the same ones.
 *
 * @param openModel opens the model; for several runs of the same model
 * @throws UserError when an option, the model or the task is wrong
 */
export async function prepare(
  given: ExperimentOptions,
  options: Hooks = {},
  openModel?: (wishes: ModelWishes) => Promise<TextModel>,
): Promise<Prepared> {
  const chosen = readOptions(given);
  const opened = await openSubject(chosen, options, openModel);
  const { checkpoint, decoder, tokenizer, conventions } = opened;
  const { task, excluded } = chosen.excludeLeaks ? withoutLeaks(opened.task) : { task: opened.task, excluded: 0 };
  const preset = chosen.preset && (await choosePreset(chosen.preset, { name: checkpoint.name, decoder }, task));
  const numbers = chosenNumbers(chosen, checkpoint, task, preset?.settings);
  const limit = chosen.limit ?? (preset === undefined ? DEFAULT_LIMIT : 'all');
  const sequences = buildSequences({
    task,
    tokenizer,
    ...conventions,
    shots: chosen.shots ?? preset?.settings.shots ?? task.defaultShots,
    seed: numbers.seed,
    context: decoder.context,
    ...(limit !== 'all' && { limit }),
  });
  assertSameDemonstrations({ ...conventions, ...sequences });
  checkVocabulary(checkpoint, decoder, sequences);
  const plan = makePlan(chosen, numbers, {
    model: modelOfPlan(opened),
    task: { ...task, leaksExcluded: excluded },
    ...conventions,
    sequences,
  });
  return {
    ...opened,
    task,
    plan,
    signature: signatureOf(plan),
    sequences,
    scoring: scoringOf(sequences.labelTokens, plan.tap),
    ...(preset && { preset }),
  };
}

/** What a plan records of a model. */
export function modelOfPlan({ checkpoint, tokenizer }: Pick<TextModel, 'checkpoint' | 'tokenizer'>): Plan['model'] {
  return {
    name: checkpoint.name,
    digest: checkpoint.digest,
    configuration: createHash('sha256')
      .update(canonicalJson(checkpoint.config as Json))
      .digest('hex'),
    tokenizer: tokenizer.digest,
    ...(precisionOf(checkpoint) === 'float16' && { precision: 'float16' as const }),
  };
}

/** Ids from the tokenizer of another model would index past the end of the embedding. */
export function checkVocabulary(
  { source }: Checkpoint,
  { vocabulary }: Decoder,
  { prefixTokens, queries, labelTokens }: Pick<Sequences, 'prefixTokens' | 'queries' | 'labelTokens'>,
): void {
  for (const tokens of [prefixTokens, ...labelTokens, ...queries.map(query => query.tokens)]) {
    const foreign = tokens.find(token => token >= vocabulary);
    if (foreign === undefined) continue;
    throw new UserError(
      `${source}: the tokenizer gives token ${foreign}, but the model has ${vocabulary}; it belongs to another model`,
    );
  }
}
