/** How text is split for a byte-level vocabulary of a GGUF file. */
export interface Splitting {
  /**
   * Patterns (Oniguruma syntax), each applied to the pieces of the previous one. Matches are
   * pieces, and so is the text between them.
   */
  readonly patterns: readonly string[];
  /** A piece that is a token is not split into pairs. */
  readonly ignoreMerges: boolean;
}

export const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
/**
 * As GPT-2 after cutting out each digit: white space before a digit counts as white space at an
 * end.
 */
const DIGITS_GPT2 = GPT2.replace(' ?\\p{N}+', '\\p{N}').replace('(?!\\S)', '(?![^\\s\\p{N}])');
export const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
/** Punctuation with following line breaks, line breaks, other white space. */
const ENDS = '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
/** Numbers of up to this many digits; letters include one preceding character of another kind. */
const words = (digits: string) => `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}${digits}${ENDS}`;

const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
/** A capital after a small letter begins a new word. */
const cased = (contractions: string, digits: string) =>
  `[^\\r\\n\\p{L}\\p{N}]?${UPPER}*${LOWER}+${contractions}|[^\\r\\n\\p{L}\\p{N}]?${UPPER}+${LOWER}*${contractions}` +
  `|\\p{N}${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

const QWEN35 =
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}` +
  '| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const BLOOM = ' ?[^(\\s|.,!?…。，、।۔،)]+';
const DEEPSEEK3 =
  '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+' +
  '| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

/** Patterns, `ignoreMerges`, and the names (`tokenizer.ggml.pre`) of models with this splitting. */
const TABLE: readonly (readonly [readonly string[], boolean, readonly string[]])[] = [
  // Converters write "default" for models they do not know; read as GPT-2's, as in transformers.
  [[GPT2], false, ['gpt-2', 'default', 'phi-2', 'mpt', 'olmo', 'jais', 'trillion', 'gigachat', 'exaone4']],
  [
    [DIGITS_GPT2],
    false,
    ['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b', 'mellum2'],
  ],
  [
    [words('{1,3}')],
    true,
    ['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2', 'jina-v5-nano'],
  ],
  [[words('{1,3}')], false, ['dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe']],
  [
    [words('')],
    false,
    ['qwen2', 'deepseek-r1-qwen', 'kormo', 'f2llmv2', 'megrez', 'stablelm2', 'hunyuan', 'solar-open', 'grok-2'],
  ],
  [[QWEN35], false, ['qwen35']],
  [[cased('', '')], true, ['tekken']],
  [[cased(`${CONTRACTIONS}?`, '{1,3}')], false, ['gpt-4o', 'llama4', 'kanana2', 'talkie', 'minimax-m2']],
  [['[\\p{P}\\$\\+<=>\\^~\\|`]+', GPT2, '[0-9][0-9][0-9]'], false, ['falcon']],
  [[BLOOM], false, ['bloom', 'poro-chat', 'gpt3-finnish']],
  [[BLOOM, '\\p{N}'], false, ['viking']],
  [['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', '[一-龥ࠀ-一가-퟿]+', '\\p{N}'], false, ['deepseek-coder']],
  [['\\p{N}{1,3}', '[一-龥぀-ゟ゠-ヿ]+', DEEPSEEK3], false, ['deepseek-v3', 'hunyuan-dense', 'joyai-llm']],
];

/**
 * By the name in a GGUF file. The patterns are those of the models' own tokenizers, as llama.cpp
 * names them (llama-vocab.cpp).
 */
export const SPLITTINGS: ReadonlyMap<string, Splitting> = new Map(
  TABLE.flatMap(([patterns, ignoreMerges, names]) => names.map(name => [name, { patterns, ignoreMerges }])),
);
