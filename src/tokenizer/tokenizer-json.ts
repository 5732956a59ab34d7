import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { fileError } from '../checkpoint/file-bytes.ts';
import { UserError } from '../error.ts';
import { faithfulSplitting } from './pre-tokenizer.ts';
import type { AddedToken, BytePairModel, Vocabulary } from './vocabulary.ts';

const part = z.looseObject({ type: z.string() }).nullish();
const outline = z.object({
  added_tokens: z
    .array(
      z.object({
        id: z.int().nonnegative(),
        content: z.string().min(1),
        special: z.boolean().default(false),
        normalized: z.boolean().default(false),
        single_word: z.boolean().default(false),
        lstrip: z.boolean().default(false),
        rstrip: z.boolean().default(false),
      }),
    )
    .default([]),
  normalizer: part,
  pre_tokenizer: part,
  decoder: part,
  model: z.looseObject({ type: z.string().optional() }),
});

/** The vocabulary of a `tokenizer.json` as Hugging Face writes it. @throws UserError when it is none. */
export async function readTokenizerJson(file: string): Promise<Vocabulary> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw fileError(file, error);
  });
  return parseTokenizerJson(file, bytes);
}

/** As readTokenizerJson, of the bytes of a file. */
export function parseTokenizerJson(file: string, bytes: Uint8Array): Vocabulary {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const json = outline.safeParse(parseJson(file, Buffer.from(bytes).toString('utf8')));
  if (!json.success) {
    const issue = json.error.issues[0]!;
    throw new UserError(`${file}: not a tokenizer.json: ${issue.path.join('.') || 'the file'}: ${issue.message}`);
  }
  const { added_tokens: addedTokens, normalizer, pre_tokenizer: pre, decoder, model } = json.data;
  // Files from before 2020 do not name the type of their model.
  const type = model.type ?? (Array.isArray(model.merges) ? 'BPE' : undefined);
  if (type !== 'BPE' && type !== 'Unigram') {
    throw new UserError(`${file}: tokenizer model "${type}" is not supported; BPE and Unigram are`);
  }
  const splitting = faithfulSplitting(pre ?? null);
  const bytePair = type === 'BPE' ? readBytePair(file, model, splitting.byteLevel) : undefined;
  checkAddedTokens(file, addedTokens, bytePair?.ids);
  return {
    file,
    digest,
    addedTokens,
    normalizer: normalizer ?? null,
    preTokenizer: splitting.preTokenizer,
    decoder: decoder ?? null,
    model: bytePair ?? { kind: 'other', json: { ...model, type } },
  };
}

/** @throws UserError when a text is no JSON */
export function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new UserError(`${file}: not JSON (${reason}); fetch or write the file again`, { cause });
  }
}

/** A model of byte pairs from `vocab` (token to id) and `merges` (pairs, best first). @throws UserError when they do not fit */
export function readBytePair(
  file: string,
  model: Readonly<Record<string, unknown>>,
  byteLevel: boolean,
): BytePairModel {
  for (const name of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    if (model[name]) throw new UserError(`${file}: byte-pair encoding with "${name}" is not supported`);
  }
  const ids = readIds(file, model.vocab);
  const ranks = readRanks(file, model.merges, ids);
  const unknown = typeof model.unk_token === 'string' ? model.unk_token : null;
  const byteFallback = model.byte_fallback === true;
  return {
    kind: 'byte-pair',
    ids,
    rankOf: (left, right) => ranks.get(pairKey(left, right)),
    unknown,
    byteFallback,
    byteLevel,
    dropUnknown: unknown === null && !byteFallback,
    ignoreMerges: model.ignore_merges === true,
  };
}

function readIds(file: string, vocab: unknown): Map<string, number> {
  if (typeof vocab !== 'object' || vocab === null || Array.isArray(vocab)) {
    throw new UserError(`${file}: model.vocab must be an object that maps each token to its id`);
  }
  const ids = new Map<string, number>();
  const tokenOf = new Map<number, string>();
  for (const [token, id] of Object.entries(vocab)) {
    if (!Number.isInteger(id) || id < 0 || id >= 2 ** 31) {
      throw new UserError(`${file}: token ${JSON.stringify(token)} has id ${JSON.stringify(id)}, which is no token id`);
    }
    const other = tokenOf.get(id);
    if (other !== undefined) throw twoTokens(file, other, token, id);
    tokenOf.set(id, token);
    ids.set(token, id);
  }
  if (ids.size === 0) throw new UserError(`${file}: model.vocab is empty`);
  return ids;
}

function readRanks(file: string, merges: unknown, ids: ReadonlyMap<string, number>): Map<string, number> {
  if (!Array.isArray(merges)) throw new UserError(`${file}: model.merges must be a list`);
  const ranks = new Map<string, number>();
  merges.forEach((merge: unknown, rank) => {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(text => typeof text === 'string' && text !== '')) {
      throw new UserError(`${file}: merge ${rank} (${JSON.stringify(merge)}) must be two tokens that are not empty`);
    }
    const [left, right] = pair as [string, string];
    for (const token of [left, right, left + right]) {
      if (ids.has(token)) continue;
      const [shown, missing] = [JSON.stringify(merge), JSON.stringify(token)];
      throw new UserError(`${file}: merge ${rank} (${shown}) needs ${missing}, which is not in the vocabulary`);
    }
    ranks.set(pairKey(left, right), rank);
  });
  return ranks;
}

function pairKey(left: string, right: string): string {
  return `${left.length}:${left}${right}`;
}

/** @throws UserError when a token has two ids, or two share one */
export function checkAddedTokens(
  file: string,
  addedTokens: readonly AddedToken[],
  ids: ReadonlyMap<string, number> | undefined,
): void {
  const tokenOf = new Map<number, string>();
  for (const [token, id] of ids ?? []) tokenOf.set(id, token);
  const seen = new Map<string, number>();
  for (const { id, content } of addedTokens) {
    const other = tokenOf.get(id);
    if (other !== undefined && other !== content) throw twoTokens(file, other, content, id);
    const otherId = ids?.get(content) ?? seen.get(content);
    if (otherId !== undefined && otherId !== id) {
      throw new UserError(`${file}: token ${JSON.stringify(content)} has two ids, ${otherId} and ${id}`);
    }
    tokenOf.set(id, content);
    seen.set(content, id);
  }
}

function twoTokens(file: string, first: string, second: string, id: number): UserError {
  return new UserError(`${file}: tokens ${JSON.stringify(first)} and ${JSON.stringify(second)} share id ${id}`);
}
