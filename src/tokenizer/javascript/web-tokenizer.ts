import type { Encoder } from '../definition.ts';
import { ggufTokenizer } from '../gguf-tokenizer.ts';
import { parseTokenizerJson } from '../tokenizer-json.ts';
import { javaScriptEncoder } from './javascript-encoder.ts';

/** The encoder of a `tokenizer.json`, given its bytes, or of the metadata of a GGUF file. @throws UserError as they do */
export async function defineWebTokenizer(
  file: string,
  source: Uint8Array | ReadonlyMap<string, unknown>,
  sha256: (bytes: Uint8Array) => Promise<string>,
): Promise<Encoder> {
  const definition = source instanceof Uint8Array ? parseTokenizerJson(file, source) : ggufTokenizer(file, source);
  const { identity } = definition;
  return javaScriptEncoder(
    definition,
    await sha256(typeof identity === 'string' ? new TextEncoder().encode(identity) : identity),
  );
}
