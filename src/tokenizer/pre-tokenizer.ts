/** One `pre_tokenizer` entry of a tokenizer.json. */
export type PreTokenizer = Readonly<Record<string, unknown>> & { readonly type: string };

/** Pre-tokens are the matches of `pattern` (Oniguruma syntax), which must cover any text; then bytes become characters. */
export function byteLevelMatches(pattern: string): PreTokenizer {
  return { type: 'Sequence', pretokenizers: [matches(pattern), BYTES] };
}

const BYTES: PreTokenizer = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };

function matches(pattern: string): PreTokenizer {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: true };
}

const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * Pre-tokenizers by their name in a GGUF file (`tokenizer.ggml.pre`). `smollm` cuts out each digit (any `\p{N}`, not
 * ASCII alone), then splits what lies between as GPT-2 does: here in one pattern, where white space before a digit
 * counts as white space at an end.
 */
export const PRE_TOKENIZERS: ReadonlyMap<string, string> = new Map([
  ['gpt-2', GPT2],
  ['smollm', "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?![^\\s\\p{N}])|\\s+"],
  [
    'llama-bpe',
    "'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" +
      '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
  ],
]);

/**
 * The same pre-tokenizer in words that the library reads as the original does: its `Digits` knows ASCII digits only,
 * and its GPT-2 pattern takes U+FEFF for white space and U+0085 for none.
 */
export function faithful(pre: PreTokenizer): PreTokenizer {
  if (pre.type === 'Sequence' && Array.isArray(pre.pretokenizers)) {
    return { ...pre, pretokenizers: pre.pretokenizers.map(part => faithful(part)) };
  }
  if (pre.type === 'Digits') {
    const digits = pre.individual_digits === true ? '\\p{N}' : '\\p{N}+';
    return { type: 'Split', pattern: { Regex: digits }, behavior: 'Isolated', invert: false };
  }
  if (pre.type === 'ByteLevel' && pre.use_regex !== false && pre.add_prefix_space !== true) {
    return byteLevelMatches(GPT2);
  }
  return pre;
}
