import { END_OF_TEXT, gpt2Ranks } from './gpt2.ts';
import { type Merge, writeTokenizerJson } from './write-tokenizer-json.ts';

/** The tokenizer of GPT-2 (Radford et al. 2019), 50,257 tokens, as the text of a `tokenizer.json`. */
export async function gpt2TokenizerJson(): Promise<string> {
  const ranks = await gpt2Ranks();
  const tokens = [...ranks].sort(([, a], [, b]) => a - b).map(([token]) => token);
  const merges = tokens.filter(token => token.length > 1).map(token => mergeOf(token, ranks));
  return writeTokenizerJson([...tokens, END_OF_TEXT], merges);
}

/** The two parts that a token was last made of: what is left of it when only the merges before its own are done. */
function mergeOf(token: string, ranks: ReadonlyMap<string, number>): Merge {
  const own = ranks.get(token)!;
  const rankOf = (pair: string) => ranks.get(pair) ?? own;
  const parts = [...token];
  while (parts.length > 2) {
    let best = 0;
    for (let i = 1; i + 1 < parts.length; i++) {
      if (rankOf(parts[i]! + parts[i + 1]!) < rankOf(parts[best]! + parts[best + 1]!)) best = i;
    }
    parts.splice(best, 2, parts[best]! + parts[best + 1]!);
  }
  return [parts[0]!, parts[1]!];
}
