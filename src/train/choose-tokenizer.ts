import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../error.ts';
import { fileError } from '../files/file-bytes.ts';
import { gpt2TokenizerJson } from '../tokenizer/gpt2.ts';
import { openTokenizerJson, type Tokenizer } from '../tokenizer/tokenizer.ts';
import { trainTokenizer } from '../tokenizer/train-tokenizer.ts';
import type { Part } from './corpus.ts';
import { GPT2, type TrainingChoices } from './options.ts';
import { remembered } from './remembered.ts';

/** A tokenizer for training. */
export interface ChosenTokenizer {
  /** The bytes of its tokenizer.json. */
  readonly json: Uint8Array;
  readonly tokenizer: Tokenizer;
  /** The token between documents. */
  readonly endOfText: { readonly id: number; readonly text: string };
}

/** Names of the token that ends a document, in the order of the search. */
const ENDS = ['<|endoftext|>', '</s>', '<|end_of_text|>', '<eos>'];

/**
 * The tokenizer of a `tokenizer.json` or of the folder that holds it, that of GPT-2 under the name
 * `gpt2`, else one that is trained on the documents.
 *
 * @throws UserError when there is no such file, it cannot be read, or it has no token that ends
 * documents
 */
export async function chooseTokenizer(
  { tokenizer: given, vocabulary }: Pick<TrainingChoices, 'tokenizer' | 'vocabulary'>,
  { documents, digest, part, signal }: Part & { readonly signal?: AbortSignal | undefined },
): Promise<ChosenTokenizer> {
  const json = await (given === undefined
    ? remembered({ kind: 'tokenizer', version: 1, corpus: digest, part, vocabulary }, async () =>
        Buffer.from(await trainTokenizer(documents, { vocabulary, signal })),
      )
    : given === GPT2
      ? Buffer.from(await gpt2TokenizerJson())
      : readJsonOf(given));
  const source = given ?? 'the trained tokenizer';
  const tokenizer = openTokenizerJson(json, source);
  for (const text of ENDS) {
    const id = tokenizer.tokenId(text);
    if (id !== undefined) return { json, tokenizer, endOfText: { id, text } };
  }
  throw new UserError(`has no token that ends a document (${ENDS.join(', ')})`, { option: 'tokenizer', value: source });
}

async function readJsonOf(path: string): Promise<Uint8Array> {
  try {
    const file = (await stat(path)).isDirectory() ? join(path, 'tokenizer.json') : path;
    return await readFile(file);
  } catch (error) {
    throw fileError(path, error, `; \`tokenizer\` is a tokenizer.json, a folder that holds one, or ${GPT2}`);
  }
}
