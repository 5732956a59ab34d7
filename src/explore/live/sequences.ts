import { UserError } from '../../error.ts';
import { type Conventions, conventionsOf } from '../../model/conventions.ts';
import type { LoadedModel } from '../../model/loaded-model.ts';
import { randomStream } from '../../statistics/random.ts';
import type { Demonstration, DemonstrationSet } from '../../task/sequence.ts';
import { firstDemonstrations, relabelled, type Variant } from '../../task/variants.ts';
import type { Encoder } from '../../tokenizer/definition.ts';
import type { Piece } from './answer.ts';
import type { LabelledText, LiveRequest } from './request.ts';

/** Every token that Live feeds, as `run` feeds it with the template {text}. */
export interface LiveSequences {
  readonly bos: number;
  readonly set: DemonstrationSet;
  /** The same texts with their labels permuted. */
  readonly shuffledLabels: Variant;
  readonly others: Variant;
  readonly query: readonly number[];
  readonly labelTokens: readonly (readonly number[])[];
  /** Of the in-context prefix, then of the query. */
  readonly pieces: readonly Piece[];
}

/**
 * The token sequences of a request.
 *
 * @throws UserError when a text or a label word has no tokens, or they do not fit the context
 */
export function liveSequences(
  { checkpoint, decoder }: Pick<LoadedModel, 'checkpoint' | 'decoder'>,
  encoder: Encoder,
  request: LiveRequest,
): LiveSequences {
  const layout = conventionsOf(checkpoint, encoder);
  const labelTokens = encoder.encodeAll(request.labels);
  const empty = labelTokens.findIndex(tokens => tokens.length === 0);
  if (empty >= 0) throw new UserError(`label word ${empty + 1} has no tokens`, { option: 'labels' });
  const [query] = encoder.tokenize([request.query]);
  if (query!.tokens.length === 0) {
    throw new UserError('the query has no tokens', { option: 'query', remedy: 'write a text' });
  }
  const setOf = (demonstrations: readonly LabelledText[]): Variant => {
    const tokens = encoder.encodeAll(demonstrations.map(({ text }) => text));
    const chosen = demonstrations.map(
      ({ label }, j): Demonstration => ({
        row: j,
        label,
        tokens: [...tokens[j]!, ...labelTokens[label]!],
        promptLength: tokens[j]!.length,
        start: 0,
      }),
    );
    return firstDemonstrations({ demonstrations: chosen, prefixTokens: [], finetuning: [] }, layout, chosen.length);
  };
  const set = setOf(request.demonstrations).set!;
  const longestLabel = Math.max(...labelTokens.map(tokens => tokens.length));
  const needed = query!.tokens.length + longestLabel;
  const most = decoder.context - needed;
  if (set.prefixTokens.length > most) {
    throw new UserError(
      `demonstrations and query take ${set.prefixTokens.length + needed} tokens; the context ends at ${decoder.context}`,
      { option: 'demonstrations', remedy: 'drop some' },
    );
  }
  return {
    bos: layout.bos,
    set,
    shuffledLabels: relabelled(set, layout, labelTokens, randomStream(1)),
    others: othersThatFit(setOf(request.others).set!, layout, request.demonstrations.length, most),
    query: query!.tokens,
    labelTokens,
    pieces: [
      ...prefixPieces(encoder, request, layout, set),
      ...query!.pieces.map((piece): Piece => ({ piece, part: 'query' })),
    ],
  };
}

function othersThatFit(others: DemonstrationSet, layout: Conventions, shots: number, most: number): Variant {
  if (others.demonstrations.length === 0)
    return { set: null, why: 'no rows of a task with these label words are there' };
  if (shots === 0) return { set: null, why: 'there are no demonstrations' };
  if (others.demonstrations.length < shots) return { set: null, why: 'the task has too few rows' };
  const variant = firstDemonstrations(others, layout, shots);
  return variant.set!.prefixTokens.length > most
    ? { set: null, why: 'other demonstrations do not fit the context' }
    : variant;
}

/** The names of the tokens of a prefix, and what each belongs to. */
function prefixPieces(
  encoder: Encoder,
  { demonstrations, labels }: LiveRequest,
  { bos, separator }: Conventions,
  { prefixTokens }: DemonstrationSet,
): readonly Piece[] {
  const texts = encoder.tokenize(demonstrations.map(({ text }) => text));
  const words = encoder.tokenize(labels);
  const pieces: Piece[] = [{ piece: `${bos}`, part: 'start' }];
  for (const [demonstration, { label }] of demonstrations.entries()) {
    const add = (part: Piece['part'], names: readonly string[]) =>
      pieces.push(...names.map(piece => ({ piece, part, demonstration })));
    add('text', texts[demonstration]!.pieces);
    add('label', words[label]!.pieces);
    add('separator', separator.map(String));
  }
  if (pieces.length !== prefixTokens.length) {
    throw new Error(`${pieces.length} names for the ${prefixTokens.length} tokens of a prefix`);
  }
  return pieces;
}
