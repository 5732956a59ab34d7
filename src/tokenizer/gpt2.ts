import { toByteCharacters } from './byte-alphabet.ts';
import { GPT2_SPLITTING } from './pre-tokenizer.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The tokens of GPT-2 but the last, in the alphabet of bytes; a token's id is also the rank of the merge that makes it. */
export async function gpt2Ranks(): Promise<ReadonlyMap<string, number>> {
  const { default: table } = await import('js-tiktoken/ranks/gpt2');
  const ranks = new Map<string, number>();
  for (const line of table.bpe_ranks.split('\n')) {
    const [, first, ...tokens] = line.split(' ');
    tokens.forEach((token, i) => {
      ranks.set(toByteCharacters(Buffer.from(token, 'base64')), Number(first) + i);
    });
  }
  return ranks;
}

/** The end of a document, the one token of GPT-2 that no text is encoded to. */
export const END_OF_TEXT = '<|endoftext|>';

/** What all vocabularies of byte pairs that split text as GPT-2 does have in common. */
export const GPT2_PARTS = {
  normalizer: null,
  preTokenizer: GPT2_SPLITTING,
  decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
} as const;

/** How a token without options of its own is looked for in a text. */
export const PLAIN_TOKEN = { normalized: false, single_word: false, lstrip: false, rstrip: false } as const;

/**
 * The vocabulary of GPT-2 itself (Radford et al. 2019), ids 0 to 50256, with special tokens behind it.
 *
 * @param special texts that are looked for as a whole; they get the ids from 50257 on, in this order
 */
export async function gpt2Vocabulary(file: string, digest: string, special: readonly string[]): Promise<Vocabulary> {
  const ranks = await gpt2Ranks();
  const ids = new Map([...ranks, [END_OF_TEXT, ranks.size]]);
  return {
    file,
    digest,
    ...GPT2_PARTS,
    addedTokens: special.map((content, i) => ({ id: ids.size + i, content, special: true, ...PLAIN_TOKEN })),
    model: {
      kind: 'byte-pair',
      ids,
      // GPT-2 numbered its tokens in the order of its merges, and no two of those make the same token.
      rankOf: (left, right) => ranks.get(left + right),
      unknown: null,
      byteFallback: false,
      byteLevel: true,
      dropUnknown: true,
      ignoreMerges: false,
    },
  };
}
