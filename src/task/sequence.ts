import { UserError } from '../error.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { permutation } from './permutation.ts';
import type { Row } from './row.ts';
import type { Task } from './task.ts';

/** What decides the token sequences of a run. */
export interface SequenceRequest {
  readonly task: Task;
  readonly tokenizer: Pick<Tokenizer, 'encode'>;
  /** The token that every sequence begins with. */
  readonly documentStart: number;
  /** Tokens after each demonstration in the context, the last one too. */
  readonly separator: readonly number[];
  /** How many demonstrations are asked for; fewer are used where the context ends. */
  readonly shots: number;
  /** Demonstrations are the first rows of this seed's shuffle of the training rows; classes are not balanced. */
  readonly seed: number;
  /** Tokens that the model can read at once. */
  readonly context: number;
  /** Only the first queries. Demonstrations do not depend on it. */
  readonly limit?: number;
  /** Rows to be classified in place of the task's evaluation rows. */
  readonly queries?: readonly Row[];
}

/** A labelled example as the model reads it. */
export interface Demonstration {
  /** Original row id. */
  readonly row: number;
  readonly label: number;
  /** T(x) y, without document start and separator. */
  readonly tokens: readonly number[];
  /** Tokens of T(x). */
  readonly promptLength: number;
  /** Where `tokens` begin in the memory tokens. */
  readonly start: number;
}

export interface Query {
  /** Original row id. */
  readonly row: number;
  readonly label: number;
  /** T(x), without document start. */
  readonly tokens: readonly number[];
}

/** Every token that a run feeds. */
export interface Sequences {
  /** In-context memory: document start, then each demonstration followed by the separator. */
  readonly memoryTokens: readonly number[];
  readonly demonstrations: readonly Demonstration[];
  /** One sequence a demonstration, in the same order: document start, T(x), y. */
  readonly finetuning: readonly (readonly number[])[];
  /** In evaluation order. */
  readonly queries: readonly Query[];
  /** Label words by label id. */
  readonly labelTokens: readonly (readonly number[])[];
  readonly shotsAsked: number;
  readonly shots: number;
}

/**
 * The token sequences of a run. Prompt and label word are encoded apart and joined. Demonstrations are added while
 * |context so far| + |demonstration and separator| + |longest evaluation example, from document start to label word| <
 * context; the first that does not fit ends it. Finetuning uses the same number. (Official code, `fewshot_task.py`,
 * whose finetuning was given the truncated number by hand.)
 *
 * @throws UserError when there are not enough training rows, when the context has no room for one demonstration or for
 * a query, or when a prompt or label word has no tokens
 */
export function buildSequences(request: SequenceRequest): Sequences {
  const { task, tokenizer, documentStart, separator, context } = request;
  checkCount('shots', request.shots, 0);
  checkCount('limit', request.limit ?? 1, 1);
  if (request.shots > task.trainRows) {
    throw new UserError(`shots ${request.shots}: task ${task.name} has only ${task.trainRows} training rows`, {
      exitCode: 2,
    });
  }
  const labelTokens = encodeLabels(task, tokenizer);
  const toQuery = (row: Row): Query => ({ row: row.id, label: row.label, tokens: encodePrompt(task, tokenizer, row) });
  const evaluation = task.evaluation().map(toQuery);
  const longestLabel = longest(labelTokens);
  const longestExample = 1 + longest(evaluation.map(query => query.tokens)) + longestLabel;

  const memoryTokens = [documentStart];
  const demonstrations: Demonstration[] = [];
  for (const row of chooseDemonstrations(task, request.seed, request.shots)) {
    const prompt = encodePrompt(task, tokenizer, row);
    const tokens = [...prompt, ...labelTokens[row.label]!];
    if (memoryTokens.length + tokens.length + separator.length + longestExample >= context) break;
    const start = memoryTokens.length;
    demonstrations.push({ row: row.id, label: row.label, tokens, promptLength: prompt.length, start });
    memoryTokens.push(...tokens, ...separator);
  }
  if (demonstrations.length === 0 && request.shots > 0) {
    throw new UserError(`task ${task.name}: a context of ${context} tokens has no room for one demonstration`);
  }

  const queries = (request.queries?.map(toQuery) ?? evaluation).slice(0, request.limit);
  for (const { row, tokens } of queries) {
    if (memoryTokens.length + tokens.length + longestLabel <= context) continue;
    throw new UserError(`task ${task.name}: row ${row} (${tokens.length} tokens) does not fit in ${context} tokens`);
  }
  return {
    memoryTokens,
    demonstrations,
    finetuning: demonstrations.map(({ tokens }) => [documentStart, ...tokens]),
    queries,
    labelTokens,
    shotsAsked: request.shots,
    shots: demonstrations.length,
  };
}

/** The first `shots` training rows of the seed's shuffle, in that order. */
export function chooseDemonstrations(task: Task, seed: number, shots: number): readonly Row[] {
  const rows = task.train();
  return permutation(seed, rows.length)
    .slice(0, shots)
    .map(i => rows[i]!);
}

function encodePrompt(task: Task, tokenizer: Pick<Tokenizer, 'encode'>, row: Row): number[] {
  const tokens = tokenizer.encode(task.prompt(row));
  if (tokens.length === 0) throw new UserError(`task ${task.name}: the prompt of row ${row.id} has no tokens`);
  return tokens;
}

function encodeLabels(task: Task, tokenizer: Pick<Tokenizer, 'encode'>): number[][] {
  const labels = task.labels.map(word => tokenizer.encode(word));
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
  throw new UserError(`${name} ${value} must be a whole number from ${least} on`, { exitCode: 2 });
}
