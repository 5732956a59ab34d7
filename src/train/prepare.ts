import { setImmediate } from 'node:timers/promises';
import { UserError } from '../error.ts';
import type { Hooks } from '../hooks.ts';
import { signatureOf } from '../run/plan.ts';
import { type ChosenTokenizer, chooseTokenizer } from './choose-tokenizer.ts';
import { type Part, readCorpus, splitCorpus } from './corpus.ts';
import { gptConfig } from './gpt.ts';
import { readTrainingOptions, type TrainingChoices, type TrainingOptions } from './options.ts';
import { joinDocuments, packSequences, type Sequences } from './packing.ts';
import type { TextsOfPlan, TrainingPlan } from './plan.ts';
import { remembered } from './remembered.ts';

/** A training run before its first computation. */
export interface PreparedTraining {
  readonly plan: TrainingPlan;
  readonly signature: string;
  readonly tokenizer: ChosenTokenizer;
  /** config.json */
  readonly config: Readonly<Record<string, unknown>>;
  readonly training: Sequences;
  readonly validation: Sequences;
}

/** Share of the corpus for validation, if no other files are given: its end. */
const VALIDATION_SHARE = 0.1;

/**
 * Reads the corpus, trains or opens the tokenizer, packs.
 *
 * @throws UserError for options, files, or a text that is too short
 */
export async function prepareTraining(
  options: TrainingOptions,
  { signal, onProgress }: Hooks = {},
): Promise<PreparedTraining> {
  const choices = readTrainingOptions(options);
  const { layers, heads, hiddenSize, feedForward, context, momentum } = choices;
  const parts = await readParts(choices);
  signal?.throwIfAborted();
  const tokenizer = await chooseTokenizer(choices, { ...parts.training, signal });
  const shape = { layers, heads, hiddenSize, feedForward, context, vocabulary: tokenizer.tokenizer.vocabularySize };
  const endOfText = tokenizer.endOfText.id;
  const config = gptConfig({ ...shape, endOfText, ...(momentum !== undefined && { momentum }) });
  const training = await pack(parts.training, context, tokenizer, { signal, onProgress });
  const validation = await pack(parts.validation, context, tokenizer, { signal, onProgress });
  const plan: TrainingPlan = {
    schema: 'dualform.train-plan/3',
    model: { ...shape, momentum: momentum ?? null },
    tokenizer: { digest: tokenizer.tokenizer.digest, endOfText },
    corpus: training.texts,
    validation: validation.texts,
    seed: choices.seed,
    batch: choices.batch,
    accumulate: choices.accumulate,
    steps: choices.steps,
    warmUp: choices.warmUp,
    learningRate: choices.learningRate,
    power: choices.power,
    clip: choices.clip,
    beta1: choices.beta1,
    beta2: choices.beta2,
    epsilon: choices.epsilon,
    evaluateEvery: choices.evaluateEvery,
  };
  return {
    plan,
    signature: signatureOf(plan),
    tokenizer,
    config,
    training: training.sequences,
    validation: validation.sequences,
  };
}

async function readParts(choices: TrainingChoices): Promise<{ readonly training: Part; readonly validation: Part }> {
  const separator = choices.documentSeparator;
  const corpus = await readCorpus(choices.corpus, { separator });
  if (choices.validation !== undefined) {
    const validation = await readCorpus(choices.validation, { separator });
    return { training: { ...corpus, part: [0, 1] }, validation: { ...validation, part: [0, 1] } };
  }
  const { training, validation } = splitCorpus(corpus.documents, VALIDATION_SHARE);
  const border = 1 - VALIDATION_SHARE;
  return {
    training: { ...corpus, documents: training, part: [0, border] },
    validation: { ...corpus, documents: validation, part: [border, 1] },
  };
}

async function pack(
  { name, digest, part, documents }: Part,
  context: number,
  chosen: ChosenTokenizer,
  hooks: Hooks,
): Promise<{ readonly texts: TextsOfPlan; readonly sequences: Sequences }> {
  const key = { kind: 'tokens', version: 2, corpus: digest, part, tokenizer: chosen.tokenizer.digest };
  const bytes = await remembered({ ...key, endOfText: chosen.endOfText.id }, () => encode(documents, chosen, hooks));
  const stream = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const sequences = packSequences(stream, context);
  if (sequences.length === 0) {
    const which = part[0] === 0 ? 'to train on' : 'to validate on';
    throw new UserError(
      `the corpus ${name}: ${stream.length} tokens ${which} are fewer than one sequence of ${context + 1}`,
      { remedy: 'give a longer text or a smaller `context`' },
    );
  }
  const texts = {
    ...{ name, digest, part },
    documents: documents.length,
    bytes: documents.reduce((sum, document) => sum + Buffer.byteLength(document), 0),
    tokens: stream.length,
    sequences: sequences.length,
  };
  return { texts, sequences };
}

/** The stream of all documents, as bytes. */
async function encode(
  documents: readonly string[],
  { tokenizer, endOfText }: ChosenTokenizer,
  { signal, onProgress }: Hooks,
): Promise<Uint8Array> {
  const total = documents.reduce((sum, { length }) => sum + length, 0);
  const ids: Int32Array[] = [];
  let done = 0;
  for (const group of groupsOf(documents)) {
    onProgress?.({ stage: 'corpus', done, total, unit: 'letters' });
    ids.push(...tokenizer.encodeAll(group).map(tokens => Int32Array.from(tokens)));
    done += group.reduce((sum, { length }) => sum + length, 0);
    // Lets the process handle signals.
    await setImmediate();
    signal?.throwIfAborted();
  }
  onProgress?.({ stage: 'corpus', done, total, unit: 'letters' });
  return new Uint8Array(joinDocuments(ids, endOfText.id).buffer);
}

/** Characters that are encoded before signals are handled. */
const LETTERS_TOGETHER = 200_000;

function groupsOf(documents: readonly string[]): (readonly string[])[] {
  const groups: string[][] = [];
  let letters = Number.POSITIVE_INFINITY;
  for (const document of documents) {
    if (letters >= LETTERS_TOGETHER) {
      groups.push([]);
      letters = 0;
    }
    groups.at(-1)!.push(document);
    letters += document.length;
  }
  return groups;
}
