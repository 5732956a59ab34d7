import { withFile } from '../files/file-bytes.ts';
import type { Definition } from './definition.ts';
import { parseTokenizerJson } from './tokenizer-json.ts';

/**
 * The tokenizer of a `tokenizer.json` as Hugging Face writes it.
 * @throws UserError when it is none.
 */
export async function readTokenizerJson(file: string): Promise<Definition> {
  return parseTokenizerJson(file, await withFile(file, handle => handle.readFile()));
}
