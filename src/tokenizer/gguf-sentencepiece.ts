import { UserError } from '../error.ts';
import { type AddedToken, addedTokenJson, type Merge } from './byte-pair-json.ts';
import type { GgufVocabulary } from './gguf-vocabulary.ts';

/** What SentencePiece writes for a space. */
const SPACE = '▁';
const UNKNOWN = '<unk>';

const REPLACE_SPACES = { type: 'Replace', pattern: { String: ' ' }, content: SPACE };

/**
 * A tokenizer.json of the byte pairs of SentencePiece (Kudo and Richardson 2018), as transformers
 * makes it from a GGUF file: text without a token falls back to `<0x..>` tokens.
 *
 * @throws UserError when the file has neither scores nor merges
 */
export function sentencePieceJson(vocabulary: GgufVocabulary, added: readonly AddedToken[]) {
  const { file, architecture = '', scores, addSpacePrefix = true } = vocabulary;
  const isGemma = /^gemma\d*$/.test(architecture);
  // Gemma's files keep spaces in tokens, and order merges by id.
  const tokens = isGemma
    ? vocabulary.tokens.map(token => (/^ +$/.test(token) ? SPACE.repeat(token.length) : token))
    : vocabulary.tokens;
  const rank = isGemma ? tokens.map((_, id) => -id) : scores;
  const merges = vocabulary.merges ?? (rank && mergesOf(tokens, rank));
  if (merges === undefined) {
    throw new UserError(`${file}: tokenizer.ggml.scores is missing; convert the model again`);
  }
  const before = spacesOf(architecture, isGemma, addSpacePrefix);
  const strip = isGemma || !addSpacePrefix ? [] : [{ type: 'Strip', content: ' ', start: 1, stop: 0 }];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(addedTokenJson),
    ...before,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: SPACE }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...strip,
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: isGemma && tokens.includes(UNKNOWN) ? UNKNOWN : null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}

/** How spaces become ▁, and whether one is put before the text. */
function spacesOf(architecture: string, isGemma: boolean, addSpacePrefix: boolean) {
  if (isGemma) return { normalizer: REPLACE_SPACES, pre_tokenizer: null };
  if (architecture === 'phi3' && addSpacePrefix) {
    const prepend = { type: 'Prepend', prepend: SPACE };
    return { normalizer: { type: 'Sequence', normalizers: [prepend, REPLACE_SPACES] }, pre_tokenizer: null };
  }
  const prepend_scheme = addSpacePrefix ? 'first' : 'never';
  return { normalizer: null, pre_tokenizer: { type: 'Metaspace', replacement: SPACE, prepend_scheme, split: false } };
}

/**
 * SentencePiece merges the two neighbours whose union has the best score. As a list: every way to
 * make a token from two others, by score; for equal scores the longer left part first, then smaller
 * ids.
 */
function mergesOf(tokens: readonly string[], scores: readonly number[]): Merge[] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges = tokens.flatMap((token, id) =>
    splits(token)
      .filter(parts => parts.every(part => ids.has(part)))
      .sort(([a, b], [c, d]) => ids.get(a)! - ids.get(c)! || ids.get(b)! - ids.get(d)!)
      .map(parts => ({ parts, score: scores[id]!, left: lengthOf(parts[0]), right: lengthOf(parts[1]) })),
  );
  return merges.sort((a, b) => b.score - a.score || b.left - a.left || b.right - a.right).map(({ parts }) => parts);
}

/** Every way to cut a text between two characters. */
function splits(text: string): Merge[] {
  const made: Merge[] = [];
  let left = '';
  for (const character of text) {
    if (left !== '') made.push([left, text.slice(left.length)]);
    left += character;
  }
  return made;
}

const lengthOf = (text: string) => Array.from(text).length;
