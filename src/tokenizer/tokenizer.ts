import type { TokenizerSource } from '../checkpoint/checkpoint.ts';
import { readGguf } from '../checkpoint/gguf.ts';
import { UserError } from '../error.ts';
import { openFairseqTokenizer } from './fairseq.ts';
import { ggufVocabulary } from './gguf-vocabulary.ts';
import { readGpt2Files } from './gpt2-files.ts';
import { makeTokenizer, type Tokenizer } from './make-tokenizer.ts';
import { parseTokenizerJson, readTokenizerJson } from './tokenizer-json.ts';

export type { Tokenizer };

/**
 * Opens a tokenizer from a `tokenizer.json`, from the vocabulary inside a GGUF file, from the files of GPT-2
 * (`vocab.json`, `merges.txt`), or from the `dict.txt` of fairseq.
 *
 * @throws UserError when the file cannot be read, is damaged, or needs something that is not supported
 */
export async function openTokenizer(source: TokenizerSource): Promise<Tokenizer> {
  switch (source.kind) {
    case 'gguf':
      return makeTokenizer(ggufVocabulary(source.file, readGguf(source.file).metadata));
    case 'gpt2':
      return makeTokenizer(await readGpt2Files(source));
    case 'fairseq':
      return openFairseqTokenizer(source.dictionary);
    case 'sentencepiece':
      throw new UserError(
        `${source.file}: files of SentencePiece are not supported; put the tokenizer.json of the same model beside it, as transformers saves it`,
      );
    case 'tokenizer.json':
      return makeTokenizer(await readTokenizerJson(source.file));
  }
}

/** A tokenizer of the bytes of a `tokenizer.json`. @param source for messages @throws UserError as openTokenizer */
export function openTokenizerJson(bytes: Uint8Array, source: string): Tokenizer {
  return makeTokenizer(parseTokenizerJson(source, bytes));
}
