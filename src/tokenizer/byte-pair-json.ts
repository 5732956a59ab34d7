import type { Component } from './components.ts';
import type { AddedId } from './definition.ts';

/** Two tokens that are merged; lists have the best first. */
export type Merge = readonly [left: string, right: string];

/** A token that is matched in the text before splitting. */
export interface AddedToken extends AddedId {
  readonly special: boolean;
}

/** The settings of a byte-level byte-pair encoding. */
export interface BytePairs {
  /** Tokens in the alphabet of bytes, with their ids. */
  readonly vocab: Iterable<readonly [string, number]>;
  readonly merges: readonly (Merge | string)[];
  readonly addedTokens: readonly AddedToken[];
  /** How a text is split before bytes become characters; by default as in GPT-2. */
  readonly splits?: readonly Component[];
  /** A whole word that is a token is not split. */
  readonly ignoreMerges?: boolean;
}

const BYTES = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };

/**
 * A tokenizer.json of byte pairs over the bytes of a text (Radford et al. 2019), as Hugging Face
 * writes it.
 */
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

/** A token that is matched wherever its text occurs. */
export function addedTokenJson({ id, content, special }: AddedToken) {
  return { id, content, normalized: false, single_word: false, lstrip: false, rstrip: false, special };
}

/** As Hugging Face writes a tokenizer.json. */
export function prettyText(json: ReturnType<typeof bytePairJson>): string {
  return `${JSON.stringify(json, null, 2)}\n`;
}
