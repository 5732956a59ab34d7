/** One `pre_tokenizer` entry of a tokenizer.json. */
export type PreTokenizer = Readonly<Record<string, unknown>> & { readonly type: string };

/** How a text falls into words before pairs are merged. */
interface Splitting {
  /** What the library does, in the words of a tokenizer.json; null leaves the text in one piece. */
  readonly preTokenizer: PreTokenizer | null;
  /** Each byte of a word then becomes one character of the GPT-2 alphabet. */
  readonly byteLevel: boolean;
}

/** Words are the matches of `pattern` (Oniguruma syntax), which must cover any text. */
export function matches(pattern: string): PreTokenizer {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: true };
}

const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** How GPT-2 splits a text into words. */
export const GPT2_SPLITTING = matches(GPT2);

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
 * The splitting that a tokenizer.json asks for, in words that the library reads as the original does: its `Digits`
 * knows ASCII digits only, and its GPT-2 pattern takes U+FEFF for white space and U+0085 for none.
 */
export function faithfulSplitting(pre: PreTokenizer | null): Splitting {
  const parts = pre === null ? [] : flatten(pre);
  const last = parts.at(-1);
  const byteLevel = last?.type === 'ByteLevel' && last.add_prefix_space !== true;
  const library = parts.flatMap((part, i) => faithful(part, byteLevel && i === parts.length - 1));
  const preTokenizer = library.length === 0 ? null : { type: 'Sequence', pretokenizers: library };
  return { preTokenizer, byteLevel };
}

function flatten(pre: PreTokenizer): PreTokenizer[] {
  return pre.type === 'Sequence' && Array.isArray(pre.pretokenizers) ? pre.pretokenizers.flatMap(flatten) : [pre];
}

function faithful(pre: PreTokenizer, withoutBytes: boolean): PreTokenizer[] {
  if (pre.type === 'Digits') {
    const digits = pre.individual_digits === true ? '\\p{N}' : '\\p{N}+';
    return [{ type: 'Split', pattern: { Regex: digits }, behavior: 'Isolated', invert: false }];
  }
  if (pre.type !== 'ByteLevel' || pre.add_prefix_space === true) return [pre];
  const split = pre.use_regex === false ? [] : [matches(GPT2)];
  return withoutBytes ? split : [...split, { ...pre, add_prefix_space: false, use_regex: false }];
}
