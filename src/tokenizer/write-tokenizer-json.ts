import { END_OF_TEXT, PLAIN_TOKEN } from './gpt2.ts';

/** Two tokens that become one, best first in a list. */
export type Merge = readonly [left: string, right: string];

/**
 * The text of a `tokenizer.json`, as Hugging Face writes it, of byte pairs over texts that are split as GPT-2 does.
 *
 * @param tokens by id, in the alphabet of bytes, `<|endoftext|>` among them
 */
export function writeTokenizerJson(tokens: readonly string[], merges: readonly Merge[]): string {
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [{ id: tokens.indexOf(END_OF_TEXT), content: END_OF_TEXT, ...PLAIN_TOKEN, special: true }],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
