import { UserError } from '../error.ts';
import { decoderOfNames } from './byte-level-decoder.ts';
import { bytePairJson } from './byte-pair-json.ts';
import type { Definition, Tokenizer } from './definition.ts';
import { sentencePieceJson } from './gguf-sentencepiece.ts';
import { SPLITTINGS, type Splitting } from './gguf-splits.ts';
import { addedTokensOf, type GgufVocabulary, NORMAL, readGgufVocabulary } from './gguf-vocabulary.ts';
import { defineTokenizer } from './tokenizer-json.ts';

/**
 * The tokenizer inside a GGUF file. `tokenizer.ggml.model` must be `gpt2` (byte-level byte pairs,
 * split as `tokenizer.ggml.pre` names it) or `llama` (byte pairs of SentencePiece). Control and
 * user-defined tokens are matched in the text as a whole.
 *
 * @throws UserError when the metadata hold no such vocabulary
 */
export function ggufTokenizer(file: string, metadata: ReadonlyMap<string, unknown>): Definition {
  const vocabulary = readGgufVocabulary(file, metadata);
  const identity = identityOf(vocabulary);
  switch (vocabulary.kind) {
    case 'gpt2':
      return defineTokenizer(file, identity, byteLevelJson(vocabulary));
    case 'llama':
      return defineTokenizer(file, identity, sentencePieceJson(vocabulary, addedTokensOf(vocabulary)));
    default:
      throw new UserError(
        `${file}: vocabulary of kind ${JSON.stringify(vocabulary.kind)} is not supported; "gpt2" and "llama" are; give token ids`,
      );
  }
}

/**
 * Decodes ids of byte-level byte pairs from the list of tokens; undefined for another kind.
 *
 * @throws UserError when the metadata hold no vocabulary
 */
export function ggufDecoder(
  file: string,
  metadata: ReadonlyMap<string, unknown>,
): (Pick<Definition, 'identity'> & Pick<Tokenizer, 'decode'>) | undefined {
  const vocabulary = readGgufVocabulary(file, metadata);
  if (vocabulary.kind !== 'gpt2') return undefined;
  return { identity: identityOf(vocabulary), decode: decoderOfNames(file, vocabulary.tokens) };
}

/** Everything that decides the ids. */
function identityOf(vocabulary: GgufVocabulary): string {
  const { kind, pre, tokens, types, merges, scores, addSpacePrefix, architecture } = vocabulary;
  const named = addedTokensOf(vocabulary)
    .filter(({ id }) => types[id] === NORMAL)
    .map(({ id }) => id);
  const parts =
    kind === 'gpt2' ? [pre, tokens, types, merges] : [architecture, addSpacePrefix, tokens, types, merges ?? scores];
  return JSON.stringify([kind, ...parts, ...(named.length > 0 ? [named] : [])]);
}

function byteLevelJson(vocabulary: GgufVocabulary) {
  const { file, tokens, merges } = vocabulary;
  if (merges === undefined) throw new UserError(`${file}: tokenizer.ggml.merges is missing; convert the model again`);
  const { patterns, ignoreMerges } = splittingOf(vocabulary);
  return bytePairJson({
    vocab: tokens.map((token, id) => [token, id]),
    merges,
    addedTokens: addedTokensOf(vocabulary),
    splits: patterns.map(Regex => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false })),
    ignoreMerges,
  });
}

function splittingOf({ file, pre }: GgufVocabulary): Splitting {
  if (pre === undefined) {
    throw new UserError(
      `${file}: tokenizer.ggml.pre is missing, so that the file does not say how text is split into words (early ` +
        'conversions left it out); convert the model again with a current llama.cpp, or write the name with ' +
        'gguf-new-metadata --pre-tokenizer NAME of the Python package gguf (llama-bpe for Llama 3)',
    );
  }
  const splitting = SPLITTINGS.get(pre);
  if (splitting !== undefined) return splitting;
  const known = [...SPLITTINGS.keys()].join(', ');
  throw new UserError(`${file}: pre-tokenizer ${JSON.stringify(pre)} is not supported; these are: ${known}`);
}
