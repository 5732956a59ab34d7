import * as z from 'zod/mini';
import { UserError } from '../error.ts';
import { parseShallowJson } from '../files/shallow-json.ts';
import { parseSchema } from '../parse-schema.ts';
import { checkComponents } from './components.ts';
import type { Definition } from './definition.ts';

const part = z.nullish(z.looseObject({ type: z.string() }));
const outline = z.looseObject({
  added_tokens: z._default(z.array(z.looseObject({ id: z.int().check(z.nonnegative()), content: z.string() })), []),
  normalizer: part,
  pre_tokenizer: part,
  decoder: part,
  model: z.looseObject({ type: z.optional(z.string()), vocab: z.unknown() }),
});

/**
 * Reads the bytes of a `tokenizer.json` as Hugging Face writes it.
 * @throws UserError when it is not valid
 */
export function parseTokenizerJson(file: string, bytes: Uint8Array): Definition {
  const json = textOf(file, bytes);
  const parsed = parseSchema(outline, parseJson(file, json));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UserError(`${file}: not a tokenizer.json: ${issue.path.join('.') || 'the file'}: ${issue.message}`);
  }
  checkComponents(file, parsed.data);
  const { model } = parsed.data;
  const definition = defineTokenizer(file, bytes, { ...parsed.data, model: { type: typeOf(model), ...model } });
  return model.type === undefined ? definition : { ...definition, json };
}

/**
 * The type of a model without one. The Rust library would read byte pairs with damaged merges as
 * another type.
 */
function typeOf(model: z.output<typeof outline>['model']): string {
  if (model.merges !== undefined) return 'BPE';
  if (Array.isArray(model.vocab)) return 'Unigram';
  return model.max_input_chars_per_word === undefined ? 'WordLevel' : 'WordPiece';
}

/**
 * A tokenizer from the content of a tokenizer.json.
 *
 * @throws UserError when ids are not valid or shared
 */
export function defineTokenizer(
  file: string,
  identity: Definition['identity'],
  json: z.output<typeof outline>,
): Definition {
  const addedTokens = json.added_tokens.map(({ id, content }) => ({ id, content }));
  const size = addedTokens.reduce((size, { id }) => Math.max(size, id + 1), vocabularySize(file, json.model.vocab));
  return { file, identity, json: JSON.stringify(json), size, addedTokens };
}

function textOf(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new UserError(`${file}: not UTF-8; fetch or write the file again`, { cause });
  }
}

/** @throws UserError when a text is not JSON */
export function parseJson(file: string, text: string): unknown {
  try {
    return parseShallowJson(text);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new UserError(`${file}: not JSON (${reason}); fetch or write the file again`, { cause });
  }
}

/**
 * The largest id + 1 of `vocab`: token to id, or (Unigram) a list of tokens by id.
 *
 * @throws UserError when it is empty, an id is not valid, or two tokens share one
 */
function vocabularySize(file: string, vocab: unknown): number {
  if (typeof vocab !== 'object' || vocab === null) {
    throw new UserError(`${file}: model.vocab must be an object that maps each token to its id, or a list of tokens`);
  }
  const entries: [string, unknown][] = Array.isArray(vocab)
    ? vocab.map((entry, id) => [String(entry), id])
    : Object.entries(vocab);
  if (entries.length === 0) throw new UserError(`${file}: model.vocab is empty`);
  const tokenOf = new Map<number, string>();
  let size = 0;
  for (const [token, id] of entries) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= 2 ** 31) {
      throw new UserError(`${file}: token ${JSON.stringify(token)} has id ${JSON.stringify(id)}, which is no token id`);
    }
    const other = tokenOf.get(id);
    if (other !== undefined) {
      throw new UserError(`${file}: tokens ${JSON.stringify(other)} and ${JSON.stringify(token)} share id ${id}`);
    }
    tokenOf.set(id, token);
    size = Math.max(size, id + 1);
  }
  return size;
}
