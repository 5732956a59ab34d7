import { createHash } from 'node:crypto';
import type { TokenizerSource } from '../checkpoint/checkpoint.ts';
import { readGguf } from '../checkpoint/sources/read-gguf.ts';
import { UserError } from '../error.ts';
import { byteLevelDecoder } from './byte-level-decoder.ts';
import type { Definition, TokenizedText, Tokenizer } from './definition.ts';
import { openFairseqTokenizer } from './fairseq.ts';
import { ggufDecoder, ggufTokenizer } from './gguf-tokenizer.ts';
import { readGpt2Files } from './gpt2-files.ts';
import { startNative } from './native/bridge.ts';
import { nativeTokenizer } from './native/native-tokenizer.ts';
import { readTokenizerJson } from './read-tokenizer-json.ts';
import { parseTokenizerJson } from './tokenizer-json.ts';

export type { TokenizedText, Tokenizer };

/**
 * Opens a tokenizer from a `tokenizer.json`, from the vocabulary inside a GGUF file, from the files
 * of GPT-2 (`vocab.json`, `merges.txt`), or from the `dict.txt` of fairseq.
 *
 * @throws UserError when the file cannot be read, is damaged, or needs an unsupported component
 */
export async function openTokenizer(source: TokenizerSource): Promise<Tokenizer> {
  if (source.kind !== 'sentencepiece') startNative();
  return source.kind === 'fairseq'
    ? openFairseqTokenizer(source.dictionary)
    : nativeTokenizer(await readDefinition(source));
}

/**
 * Text of token ids from the same sources. Of byte-level byte pairs the vocabulary says it, so that
 * nothing is started.
 *
 * @throws UserError as openTokenizer
 */
export async function openDecoder(source: TokenizerSource): Promise<Pick<Tokenizer, 'digest' | 'decode'>> {
  if (source.kind === 'fairseq') return openFairseqTokenizer(source.dictionary);
  const vocabulary = source.kind === 'gguf' ? ggufDecoder(source.file, readGguf(source.file).metadata) : undefined;
  if (vocabulary !== undefined) return { digest: digestOf(vocabulary), decode: vocabulary.decode };
  const definition = await readDefinition(source);
  const decode = byteLevelDecoder(definition);
  return decode === undefined ? nativeTokenizer(definition) : { digest: digestOf(definition), decode };
}

function digestOf({ identity }: Pick<Definition, 'identity'>): string {
  return createHash('sha256').update(identity).digest('hex');
}

async function readDefinition(source: Exclude<TokenizerSource, { kind: 'fairseq' }>): Promise<Definition> {
  switch (source.kind) {
    case 'gguf':
      return ggufTokenizer(source.file, readGguf(source.file).metadata);
    case 'gpt2':
      return readGpt2Files(source);
    case 'sentencepiece':
      throw new UserError(
        `${source.file}: files of SentencePiece are not supported; put the tokenizer.json of the same model next to it, as transformers saves it`,
      );
    case 'tokenizer.json':
      return readTokenizerJson(source.file);
  }
}

/**
 * A tokenizer of the bytes of a `tokenizer.json`.
 *
 * @param source for messages
 * @throws UserError as openTokenizer
 */
export function openTokenizerJson(bytes: Uint8Array, source: string): Tokenizer {
  return nativeTokenizer(parseTokenizerJson(source, bytes));
}
