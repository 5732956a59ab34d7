/** Never part of UTF-8. */
const NO_BYTES = [0xc0, 0xc1];
const SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];

/** A `tokenizer.json` whose tokens are single bytes behind the special tokens of SmolLM2: 257 ids, without merges. */
export function tinyTokenizer(vocabulary: number): unknown {
  const printable = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let free = 0x100;
  const characters = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : free++));
  const tokens = [...SPECIAL, ...characters.filter((_, byte) => !NO_BYTES.includes(byte))];
  if (tokens.length !== vocabulary) throw new Error(`${tokens.length} tokens for a vocabulary of ${vocabulary}`);
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    added_tokens: SPECIAL.map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: null,
    pre_tokenizer: bytes,
    post_processor: null,
    decoder: bytes,
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: [] },
  };
}
