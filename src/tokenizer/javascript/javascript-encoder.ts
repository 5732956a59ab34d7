import * as library from '@huggingface/tokenizers';
import { codePointName } from '../../code-point.ts';
import type { Component } from '../components.ts';
import type { Definition, Encoder, TokenizedText } from '../definition.ts';
import { tokenSplitter } from './added-tokens.ts';
import { exactNormalizers, exactPreTokenizers, isNormalForm, refuse } from './exact-components.ts';
import { type ExactModel, exactModel } from './exact-model.ts';
import { versionDependent } from './unicode-version.ts';

/**
 * The used parts of the library, whose types refer to files that Node's resolution does not find.
 */
const { BPE, SequenceNormalizer, SequencePreTokenizer } = library as unknown as {
  readonly BPE: new (config: unknown) => { encode(words: readonly string[]): string[] };
  readonly SequenceNormalizer: new (config: unknown) => { normalize(text: string): string };
  readonly SequencePreTokenizer: new (
    config: unknown,
  ) => { pre_tokenize(text: string, options: { readonly section_index: number }): string[] };
};

/**
 * An encoder without native code, for browsers. It gives the ids of the Rust library, or refuses:
 * byte pairs with the components of GPT-2, Llama, Qwen and similar models, and added tokens that
 * are matched exactly.
 *
 * @param digest SHA-256 (hex) of the definition's identity
 * @throws UserError naming what it cannot do exactly, as the encoder does for a character that
 * versions of Unicode treat differently
 */
export function javaScriptEncoder({ file, json, size }: Definition, digest: string): Encoder {
  const { added_tokens, normalizer, pre_tokenizer, model } = JSON.parse(json) as Readonly<Record<string, Component>>;
  const normalizers = exactNormalizers(file, normalizer);
  const isNormalized = normalizers.some(({ type }) => isNormalForm(type));
  const { normalize } = bound(new SequenceNormalizer({ type: 'Sequence', normalizers }));
  const pretokenizers = exactPreTokenizers(file, pre_tokenizer, normalizers);
  const splitting = new SequencePreTokenizer({ type: 'Sequence', pretokenizers });
  const exact = exactModel(file, model!);
  const merge = merger(exact);
  const added = readAddedTokens(file, (added_tokens ?? []) as unknown as readonly AddedToken[], exact.vocab, normalize);
  const splitRaw = tokenSplitter(added.raw);
  const splitNormalized = tokenSplitter(added.normalized);

  const tokenize = (whole: string): TokenizedText => {
    const tokens: number[] = [];
    const pieces: string[] = [];
    const take = (id: number, piece: string): void => {
      tokens.push(id);
      pieces.push(piece);
    };
    const foreign = versionDependent(whole, isNormalized);
    if (foreign !== undefined)
      refuse(file, `the character ${codePointName(foreign)}, which versions of Unicode treat differently,`);
    let section_index = 0;
    for (const { text, id } of splitRaw(wellFormed(whole))) {
      if (id !== undefined) take(id, text);
      for (const part of id === undefined ? splitNormalized(normalize(text)) : []) {
        if (part.id !== undefined) take(part.id, part.text);
        else {
          const words = splitting.pre_tokenize(part.text, { section_index });
          for (const token of words.flatMap(merge)) take(exact.vocab.get(token)!, token);
        }
        section_index++;
      }
      section_index++;
    }
    return { tokens, pieces };
  };
  return {
    digest,
    vocabularySize: size,
    encode: text => [...tokenize(text).tokens],
    encodeAll: texts => texts.map(text => [...tokenize(text).tokens]),
    tokenize: texts => texts.map(tokenize),
    tokenId: token => added.ids.get(token) ?? exact.vocab.get(token),
  };
}

function bound(normalizer: { normalize(text: string): string }) {
  return { normalize: (text: string) => normalizer.normalize(text) };
}

/** Unpaired surrogates become U+FFFD. */
function wellFormed(text: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}

/** The tokens of a word. */
function merger({ vocab, config, ignoreMerges, isKept }: ExactModel): (word: string) => string[] {
  const model = new BPE(config);
  return word => {
    if (ignoreMerges && vocab.has(word)) return [word];
    return model.encode([Array.from(word).filter(isKept).join('')]);
  };
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly normalized?: boolean;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
}

function readAddedTokens(
  file: string,
  tokens: readonly AddedToken[],
  vocab: ReadonlyMap<string, number>,
  normalize: (text: string) => string,
) {
  const raw = new Map<string, number>();
  const normalized = new Map<string, number>();
  for (const token of tokens) {
    for (const name of ['single_word', 'lstrip', 'rstrip'] as const) {
      if (token[name]) refuse(file, `added token ${JSON.stringify(token.content)} with "${name}"`);
    }
    const text = token.normalized ? normalize(token.content) : token.content;
    const known = token.normalized ? normalized : raw;
    if (text === '' || known.has(text)) refuse(file, `added token ${JSON.stringify(token.content)}, empty or twice,`);
    if ((vocab.get(token.content) ?? token.id) !== token.id) {
      refuse(file, `added token ${JSON.stringify(token.content)} with two ids`);
    }
    known.set(text, token.id);
  }
  return { raw, normalized, ids: new Map(tokens.map(({ content, id }) => [content, id])) };
}
