import type { Component } from './components.ts';
import type { AddedId } from './definition.ts';

/** Two tokens that become one, best first in a list. */
export type Merge = readonly [left: string, right: string];

/** A token that is looked for in the text before it is split. */
export interface AddedToken extends AddedId {
  readonly special: boolean;
}

/** What byte-level byte-pair encodings differ in. */
export interface BytePairs {
  /** Tokens in the alphabet of bytes, with their ids. */
  readonly vocab: Iterable<readonly [string, number]>;
  readonly merges: readonly (Merge | string)[];
  readonly addedTokens: readonly AddedToken[];
  /** How a text is split before each byte becomes a character; without it, as GPT-2 does. */
  readonly splits?: readonly Component[];
  /** A whole word that is a token is not split. */
  readonly ignoreMerges?: boolean;
}

const BYTES = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };

/** A tokenizer.json of byte pairs over the bytes of a text (Radford et al. 2019), as Hugging Face writes it. */
export function bytePairJson({ vocab, merges, addedTokens, splits, ignoreMerges = false }: BytePairs) {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens.map(addedTokenJson),
    normalizer: null,
    pre_tokenizer:
      splits === undefined
        ? { ...BYTES, use_regex: true }
        : { type: 'Sequence', pretokenizers: [...splits, { ...BYTES, use_regex: false }] },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null as string | null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: ignoreMerges,
      vocab: Object.fromEntries(vocab),
      merges,
    },
  };
}

/** A token that is found wherever its text stands. */
export function addedTokenJson({ id, content, special }: AddedToken) {
  return { id, content, normalized: false, single_word: false, lstrip: false, rstrip: false, special };
}

/** As Hugging Face writes a tokenizer.json. */
export function prettyText(json: ReturnType<typeof bytePairJson>): string {
  return `${JSON.stringify(json, null, 2)}\n`;
}
