import { UserError } from '../error.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { permutation } from './permutation.ts';
import type { Row } from './row.ts';
import type { Task } from './task.ts';

/** The inputs that determine the token sequences of a run. */
export interface SequenceRequest {
  readonly task: Task;
  readonly tokenizer: Pick<Tokenizer, 'encodeAll'>;
  /** The token that every sequence begins with. */
  readonly bos: number;
  /** Tokens after each demonstration in the context, including the last one. */
  readonly separator: readonly number[];
  /** Requested demonstrations; fewer are used if the context ends before. */
  readonly shots: number;
  /**
   * Demonstrations are the first rows of this seed's shuffle of the training rows; classes are not
   * balanced.
   */
  readonly seed: number;
  /** The context length of the model, in tokens. */
  readonly context: number;
  /** Only the first queries. Demonstrations do not depend on it. */
  readonly limit?: number;
  /** Rows to classify instead of the task's evaluation rows. */
  readonly queries?: readonly Row[];
}

/** A labelled example as the model reads it. */
export interface Demonstration {
  /** Original row id. */
  readonly row: number;
  readonly label: number;
  /** T(x) y, without BOS and separator. */
  readonly tokens: readonly number[];
  /** Tokens of T(x). */
  readonly promptLength: number;
  /** Index of the first of `tokens` in the prefix tokens. */
  readonly start: number;
}

export interface Query {
  /** Original row id. */
  readonly row: number;
  readonly label: number;
  /** T(x), without BOS. */
  readonly tokens: readonly number[];
}

/** Demonstrations as in-context learning and finetuning see them. */
export interface DemonstrationSet {
  /** In-context prefix: BOS, then each demonstration followed by the separator. */
  readonly prefixTokens: readonly number[];
  readonly demonstrations: readonly Demonstration[];
  /** One sequence per demonstration, in the same order: BOS, T(x), y. */
  readonly finetuning: readonly (readonly number[])[];
}

/** Every token that a run feeds. */
export interface Sequences extends DemonstrationSet {
  /** In evaluation order. */
  readonly queries: readonly Query[];
  /** Label words by label id. */
  readonly labelTokens: readonly (readonly number[])[];
  readonly shotsAsked: number;
  readonly shots: number;
}

/**
 * The token sequences of a run. Prompt and label word are encoded separately and joined.
 * Demonstrations are added as long as, in tokens,
 *
 *     |prefix so far| + |demonstration and separator|
 *       + |longest evaluation example, from BOS to label word| < context
 *
 * and finetuning uses the same number. (As in the official code, `fewshot_task.py`, where the
 * number for finetuning is set by hand.)
 *
 * @throws UserError when there are not enough training rows, when the context is too short for one
 * demonstration or for a query, or when a prompt or label word has no tokens
 */
export function buildSequences(request: SequenceRequest): Sequences {
  const { task, tokenizer, context } = request;
  checkCount('shots', request.shots, 0);
  checkCount('limit', request.limit ?? 1, 1);
  if (request.shots > task.trainRows) {
    throw new UserError(`task ${task.name} has only ${task.trainRows} training rows`, {
      option: 'shots',
      value: request.shots,
    });
  }
  const labelTokens = encodeLabels(task, tokenizer);
  const toQueries = (rows: readonly Row[]): Query[] => {
    const prompts = encodePrompts(task, tokenizer, rows);
    return rows.map(({ id, label }, i) => ({ row: id, label, tokens: prompts[i]! }));
  };
  const evaluation = toQueries(task.evaluation());
  const longestLabel = longest(labelTokens);
  const space = context - longestExample(evaluation, longestLabel);
  const rows = chooseDemonstrations(task, request.seed, request.shots);
  const set = layOut(rows, request, labelTokens, space);
  if (set.demonstrations.length === 0 && request.shots > 0) throw noRoom(request, evaluation, rows[0]!);

  const queries = (request.queries === undefined ? evaluation : toQueries(request.queries)).slice(0, request.limit);
  for (const { row, tokens } of queries) {
    if (set.prefixTokens.length + tokens.length + longestLabel <= context) continue;
    throw new UserError(`task ${task.name}: row ${row} (${tokens.length} tokens) does not fit in ${context} tokens`);
  }
  return { ...set, queries, labelTokens, shotsAsked: request.shots, shots: set.demonstrations.length };
}

/**
 * Disjoint sets of demonstrations: the first `shots` rows of the seed's shuffle, as in
 * `buildSequences`, then the next ones. No row is in two sets. A set has fewer rows if the context
 * ends before.
 *
 * @returns up to `count` sets, limited by the number of training rows
 * @throws UserError as `buildSequences`
 */
export function buildDemonstrationSets(
  request: Pick<SequenceRequest, 'task' | 'tokenizer' | 'bos' | 'separator' | 'shots' | 'seed' | 'context'>,
  count: number,
): readonly DemonstrationSet[] {
  const { task, tokenizer, seed, shots } = request;
  checkCount('shots', shots, 1);
  const labelTokens = encodeLabels(task, tokenizer);
  const space = spaceForPrefix(request);
  const sets = Math.min(count, Math.floor(task.trainRows / shots));
  const rows = chooseDemonstrations(task, seed, sets * shots);
  return Array.from({ length: sets }, (_, i) =>
    layOut(rows.slice(i * shots, (i + 1) * shots), request, labelTokens, space),
  );
}

/**
 * A prefix has fewer tokens: the context without the longest evaluation example, from BOS to label
 * word.
 */
export function spaceForPrefix({
  task,
  tokenizer,
  context,
}: Pick<SequenceRequest, 'task' | 'tokenizer' | 'context'>): number {
  const evaluation = encodePrompts(task, tokenizer, task.evaluation()).map(tokens => ({ tokens }));
  return context - longestExample(evaluation, longest(encodeLabels(task, tokenizer)));
}

/**
 * The `count` training rows that follow the first `shots` of the seed's shuffle, each as finetuning
 * would read it: BOS, T(x), y. Fewer where the task has no more.
 */
export function heldOutDemonstrations(
  { task, tokenizer, bos, seed, shots }: Pick<SequenceRequest, 'task' | 'tokenizer' | 'bos' | 'seed' | 'shots'>,
  count: number,
): readonly Query[] {
  const rows = chooseDemonstrations(task, seed, shots + count).slice(shots);
  const [prompts, labelTokens] = [encodePrompts(task, tokenizer, rows), encodeLabels(task, tokenizer)];
  return rows.map(({ id, label }, i) => ({
    row: id,
    label,
    tokens: [bos, ...prompts[i]!, ...labelTokens[label]!],
  }));
}

/** The first `shots` training rows of the seed's shuffle, in that order. */
export function chooseDemonstrations(task: Task, seed: number, shots: number): readonly Row[] {
  const rows = task.train();
  return permutation(seed, rows.length)
    .slice(0, shots)
    .map(i => rows[i]!);
}

/** Consecutive demonstrations, until the next would reach `space` tokens. */
function layOut(
  rows: readonly Row[],
  { task, tokenizer, bos, separator }: Pick<SequenceRequest, 'task' | 'tokenizer' | 'bos' | 'separator'>,
  labelTokens: readonly (readonly number[])[],
  space: number,
): DemonstrationSet {
  const prefixTokens = [bos];
  const demonstrations: Demonstration[] = [];
  const prompts = encodePrompts(task, tokenizer, rows);
  for (const [i, row] of rows.entries()) {
    const prompt = prompts[i]!;
    const tokens = [...prompt, ...labelTokens[row.label]!];
    if (prefixTokens.length + tokens.length + separator.length >= space) break;
    const start = prefixTokens.length;
    demonstrations.push({ row: row.id, label: row.label, tokens, promptLength: prompt.length, start });
    prefixTokens.push(...tokens, ...separator);
  }
  return {
    prefixTokens,
    demonstrations,
    finetuning: demonstrations.map(({ tokens }) => [bos, ...tokens]),
  };
}

/**
 * Names the two rows that do not fit together: the first demonstration and the longest of all
 * evaluation rows, including those after `limit`.
 */
function noRoom(
  { task, tokenizer, context }: Pick<SequenceRequest, 'task' | 'tokenizer' | 'context'>,
  evaluation: readonly Query[],
  first: Row,
): UserError {
  const [prompt] = encodePrompts(task, tokenizer, [first]);
  const row = evaluation.reduce((long, each) => (each.tokens.length > long.tokens.length ? each : long));
  const where = task.evaluationFile === undefined ? '' : ` of ${task.evaluationFile}`;
  return new UserError(
    `task ${task.name}: a context of ${context} tokens is too short for one demonstration: evaluation row ${row.row}${where} (counted from 0) takes ${row.tokens.length} tokens, training row ${first.id} ${prompt!.length}; shorten or drop the longer one`,
  );
}

/** Tokens of the longest evaluation example, from BOS to label word. */
function longestExample(evaluation: readonly Pick<Query, 'tokens'>[], longestLabel: number): number {
  return 1 + longest(evaluation.map(query => query.tokens)) + longestLabel;
}

function encodePrompts(task: Task, tokenizer: Pick<Tokenizer, 'encodeAll'>, rows: readonly Row[]): number[][] {
  const prompts = tokenizer.encodeAll(rows.map(row => task.prompt(row)));
  const empty = prompts.findIndex(({ length }) => length === 0);
  if (empty < 0) return prompts;
  throw new UserError(`task ${task.name}: the prompt of row ${rows[empty]!.id} has no tokens`);
}

function encodeLabels(task: Task, tokenizer: Pick<Tokenizer, 'encodeAll'>): number[][] {
  const labels = tokenizer.encodeAll(task.labels);
  const words = new Map<string, string>();
  labels.forEach((tokens, id) => {
    const word = task.labels[id]!;
    if (tokens.length === 0) throw new UserError(`task ${task.name}: label word "${word}" has no tokens`);
    const same = words.get(tokens.join());
    if (same !== undefined) {
      throw new UserError(`task ${task.name}: label words "${same}" and "${word}" are the same tokens for this model`);
    }
    words.set(tokens.join(), word);
  });
  return labels;
}

function longest(sequences: readonly (readonly number[])[]): number {
  return sequences.reduce((most, tokens) => Math.max(most, tokens.length), 0);
}

function checkCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new UserError(`must be a whole number, at least ${least}`, { option: name, value });
}
