import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { UserError } from '../error.ts';
import { bytePairEncoder } from './byte-pair.ts';
import type { BytePairModel, Vocabulary } from './vocabulary.ts';

/** Text to token ids and back. */
export interface Tokenizer {
  /** SHA-256 (hex) over everything that decides the ids. */
  readonly digest: string;
  /** The largest id + 1. */
  readonly vocabularySize: number;
  /**
   * No token is added that was not asked for; special tokens in the text are recognised. An unpaired surrogate is read
   * as U+FFFD. A byte that the vocabulary lacks is left out, as the original implementation does.
   */
  encode(text: string): number[];
  /** Special tokens included; bytes that are no UTF-8 become U+FFFD. @throws UserError when an id is no token. */
  decode(ids: readonly number[]): string;
  /** The id of a token by its exact text in the vocabulary, special tokens included. */
  tokenId(token: string): number | undefined;
}

/** The tokenizer of a vocabulary. @throws UserError when a part of it is not supported. */
export function makeTokenizer(vocabulary: Vocabulary): Tokenizer {
  const library = openLibrary(vocabulary);
  const size = library.model.vocab.length;
  return {
    digest: vocabulary.digest,
    vocabularySize: size,
    encode: text => library.encode(text, { add_special_tokens: false }).ids,
    decode: ids => {
      for (const id of ids) {
        if (library.id_to_token(id) === undefined) {
          throw new UserError(`token id ${id} is not in the vocabulary of ${vocabulary.file} (${size} ids)`);
        }
      }
      return ids.length === 0 ? '' : library.decode([...ids], { clean_up_tokenization_spaces: false });
    },
    tokenId: token => library.token_to_id(token),
  };
}

/** What is used of the library, whose own types name files that Node's resolution does not find. */
interface Library {
  readonly model: {
    readonly tokens_to_ids: Map<string, number>;
    readonly vocab: string[];
    unk_token_id: number | undefined;
    bpe(word: string): string[];
  };
  encode(text: string, options: { readonly add_special_tokens: boolean }): { readonly ids: number[] };
  decode(ids: number[], options: { readonly clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

function openLibrary(vocabulary: Vocabulary): Library {
  const { file, addedTokens, normalizer, preTokenizer, decoder, model } = vocabulary;
  const json = {
    added_tokens: addedTokens,
    normalizer,
    pre_tokenizer: preTokenizer,
    // What it adds (document start and end) is never asked for.
    post_processor: null,
    decoder,
    model: model.kind === 'byte-pair' ? libraryModel(model) : model.json,
  };
  let library: Library;
  try {
    library = new LibraryTokenizer(json, {}) as Library;
  } catch (cause) {
    throw new UserError(`${file}: this tokenizer is not supported: ${(cause as Error).message}`, { cause });
  }
  if (model.kind === 'byte-pair') fillModel(library, file, model);
  return library;
}

function libraryModel({ unknown, byteFallback }: BytePairModel) {
  const rules = { unk_token: unknown, byte_fallback: byteFallback, ignore_merges: false };
  return { type: 'BPE', vocab: {}, merges: [], ...rules };
}

/**
 * Gives the library's model its tokens and our merging. The library's own takes ten seconds for a megabyte without a
 * border, and a quarter of a second to prepare.
 */
function fillModel(library: Library, file: string, model: BytePairModel): void {
  const target = library.model;
  for (const [token, id] of model.ids) {
    target.tokens_to_ids.set(token, id);
    target.vocab[id] = token;
  }
  if (model.unknown !== null) target.unk_token_id = model.ids.get(model.unknown);
  target.bpe = bytePairEncoder(file, model);
}
