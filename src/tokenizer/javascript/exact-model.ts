import type { Component } from '../components.ts';
import { refuse } from './exact-components.ts';

/** Byte pairs that the library merges as the Rust library does. */
export interface ExactModel {
  readonly vocab: ReadonlyMap<string, number>;
  /** The configuration for the library. */
  readonly config: Readonly<Record<string, unknown>>;
  /** A whole word that is a token is not split. */
  readonly ignoreMerges: boolean;
  /**
   * False for a character that is left out before merging, so that its neighbours may be merged.
   */
  readonly isKept: (character: string) => boolean;
}

/** @throws UserError naming what the library does differently */
export function exactModel(file: string, model: Component): ExactModel {
  const { type = 'BPE', vocab, merges, unk_token, byte_fallback, fuse_unk, ignore_merges } = model;
  if (type !== 'BPE') refuse(file, `model ${JSON.stringify(type)}`);
  for (const name of ['continuing_subword_prefix', 'end_of_word_suffix', 'dropout']) {
    if (model[name]) refuse(file, `byte-pair encoding with "${name}"`);
  }
  const ids = new Map(Object.entries(vocab as Readonly<Record<string, number>>));
  const fallsBack = byte_fallback === true;
  const pairs = (merges as readonly (string | readonly string[])[]).map(merge =>
    typeof merge === 'string' ? merge.split(' ') : merge,
  );
  if (fallsBack && pairs.flat().some(part => BYTE.test(part)))
    refuse(file, 'byte-pair encoding that merges <0x..> tokens');
  // With a token for every byte, no character is unknown.
  const unknown = unk_token ?? null;
  if (unknown !== null && !(fallsBack && BYTES.every(byte => ids.has(byte)))) {
    if (!ids.has(unknown as string))
      refuse(file, `unknown token ${JSON.stringify(unknown)}, which is not in the vocabulary,`);
    // The Rust library puts <unk> after the bytes of the next character.
    if (fallsBack) refuse(file, 'byte fallback without a token for every byte');
    if (fuse_unk === true) refuse(file, 'byte-pair encoding with "fuse_unk"');
    if (pairs.flat().includes(unknown as string)) refuse(file, 'byte-pair encoding that merges the unknown token');
  }
  return {
    vocab: ids,
    config: {
      ...{ type: 'BPE', vocab, merges: pairs, unk_token: unknown, fuse_unk: false },
      ...{ byte_fallback: fallsBack, ignore_merges: false },
    },
    ignoreMerges: ignore_merges === true,
    isKept: character =>
      unknown !== null || ids.has(character) || (fallsBack && bytesOf(character).every(byte => ids.has(byte))),
  };
}

const BYTE = /^<0x[0-9A-F]{2}>$/;
const nameOf = (byte: number) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
const BYTES = Array.from({ length: 256 }, (_, byte) => nameOf(byte));
const bytesOf = (text: string) => Array.from(new TextEncoder().encode(text), nameOf);
