import type { TokenizerSource } from '../checkpoint/checkpoint.ts';
import { readGguf } from '../checkpoint/sources/read-gguf.ts';
import { UserError } from '../error.ts';
import type { TokenizedText, Tokenizer } from './definition.ts';
import { openFairseqTokenizer } from './fairseq.ts';
import { ggufTokenizer } from './gguf-tokenizer.ts';
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
  switch (source.kind) {
    case 'gguf':
      return nativeTokenizer(ggufTokenizer(source.file, readGguf(source.file).metadata));
    case 'gpt2':
      return nativeTokenizer(await readGpt2Files(source));
    case 'fairseq':
      return openFairseqTokenizer(source.dictionary);
    case 'sentencepiece':
      throw new UserError(
        `${source.file}: files of SentencePiece are not supported; put the tokenizer.json of the same model next to it, as transformers saves it`,
      );
    case 'tokenizer.json':
      return nativeTokenizer(await readTokenizerJson(source.file));
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
