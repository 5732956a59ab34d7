import { createHash } from 'node:crypto';
import { UserError } from '../error.ts';
import { matches, PRE_TOKENIZERS } from './pre-tokenizer.ts';
import type { Vocabulary } from './vocabulary.ts';

// Token types of a GGUF vocabulary: tokens that are looked for in the text as a whole.
const CONTROL = 3;
const USER_DEFINED = 4;

/**
 * The vocabulary inside a GGUF file: `tokenizer.ggml.model` must be `gpt2` (byte-level byte-pair encoding); `.pre`
 * names the pre-tokenizer; tokens of type control and user-defined are found in the text as a whole.
 *
 * @throws UserError when the metadata hold no such vocabulary
 */
export function ggufVocabulary(file: string, metadata: ReadonlyMap<string, unknown>): Vocabulary {
  const at = (name: string) => metadata.get(`tokenizer.ggml.${name}`);
  const model = at('model');
  if (model === undefined) throw new UserError(`${file}: holds no vocabulary (tokenizer.ggml.model is missing)`);
  if (model !== 'gpt2') {
    throw new UserError(`${file}: vocabulary of kind ${JSON.stringify(model)} is not supported; "gpt2" is`);
  }
  const pre = at('pre');
  const pattern = typeof pre === 'string' ? PRE_TOKENIZERS.get(pre) : undefined;
  if (pattern === undefined) {
    const known = [...PRE_TOKENIZERS.keys()].join(', ');
    throw new UserError(`${file}: pre-tokenizer ${JSON.stringify(pre)} is not supported; these are: ${known}`);
  }
  const tokens = list(file, 'tokens', at('tokens'), isText);
  const merges = list(file, 'merges', at('merges'), isText);
  const types = list(file, 'token_type', at('token_type') ?? tokens.map(() => 1), isNumber);
  if (types.length !== tokens.length) {
    throw new UserError(`${file}: ${tokens.length} tokens but ${types.length} token types`);
  }
  const ids = new Map<string, number>();
  tokens.forEach((token, id) => {
    const other = ids.get(token);
    if (other !== undefined) {
      throw new UserError(`${file}: token ${JSON.stringify(token)} has two ids, ${other} and ${id}`);
    }
    ids.set(token, id);
  });
  const ranks = new Map<string, number>();
  merges.forEach((merge, rank) => {
    ranks.set(merge, rank);
  });
  return {
    file,
    digest: createHash('sha256')
      .update(JSON.stringify([model, pre, tokens, types, merges]))
      .digest('hex'),
    addedTokens: tokens.flatMap((content, id) =>
      types[id] === CONTROL || types[id] === USER_DEFINED
        ? [{ id, content, special: types[id] === CONTROL, ...PLAIN }]
        : [],
    ),
    normalizer: null,
    preTokenizer: matches(pattern),
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    model: {
      kind: 'byte-pair',
      ids,
      // No token of a byte-level vocabulary holds a space, so the merge's own text names the pair.
      rankOf: (left, right) => ranks.get(`${left} ${right}`),
      unknown: null,
      byteFallback: false,
      byteLevel: true,
      dropUnknown: true,
      ignoreMerges: pre === 'llama-bpe',
    },
  };
}

const PLAIN = { normalized: false, single_word: false, lstrip: false, rstrip: false };

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';

function list<T>(file: string, name: string, value: unknown, is: (value: unknown) => value is T): readonly T[] {
  const items: unknown = ArrayBuffer.isView(value) ? Array.from(value as Int32Array) : value;
  if (Array.isArray(items) && items.length > 0 && items.every(is)) return items;
  throw new UserError(
    `${file}: tokenizer.ggml.${name} is missing or no list of ${name === 'token_type' ? 'numbers' : 'texts'}`,
  );
}
