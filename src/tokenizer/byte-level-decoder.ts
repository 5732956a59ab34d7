import * as z from 'zod';
import { UserError } from '../error.ts';
import { fromByteCharacters } from './byte-alphabet.ts';
import type { Definition, Tokenizer } from './definition.ts';

const byteLevel = z.object({
  decoder: z.object({ type: z.literal('ByteLevel') }),
  model: z.object({ type: z.literal('BPE'), vocab: z.looseObject({}) }),
});

/**
 * Decodes ids as the Rust library does, from the vocabulary alone: the bytes of the tokens, joined,
 * as UTF-8. Undefined for a tokenizer of another kind.
 */
export function byteLevelDecoder({ file, json, addedTokens }: Definition): Tokenizer['decode'] | undefined {
  const { data } = byteLevel.safeParse(JSON.parse(json));
  if (data === undefined) return undefined;
  const { vocab } = data.model;
  const names: string[] = [];
  for (const name in vocab) names[vocab[name] as number] = name;
  for (const { id, content } of addedTokens) names[id] = content;
  return decoderOfNames(file, names);
}

/** As byteLevelDecoder, from the name of each id; a special token is named by its text. */
export function decoderOfNames(file: string, names: readonly (string | undefined)[]): Tokenizer['decode'] {
  const encoder = new TextEncoder();
  const bytesOf = (id: number): Iterable<number> => {
    const name = names[id];
    if (name === undefined) throw new UserError(`token id ${id} is not in the vocabulary of ${file}`);
    return fromByteCharacters(name) ?? encoder.encode(name);
  };
  return ids =>
    new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(ids.flatMap(id => [...bytesOf(id)])));
}
