import { prettyText } from './byte-pair-json.ts';
import { END_OF_TEXT, gpt2Json } from './gpt2.ts';

/**
 * The tokenizer of GPT-2 (Radford et al. 2019), 50,257 tokens, as the text of a `tokenizer.json`.
 */
export async function gpt2TokenizerJson(): Promise<string> {
  return prettyText(await gpt2Json([END_OF_TEXT]));
}
