import { toByteCharacters } from './byte-alphabet.ts';
import { bytePairJson, type Merge, prettyText } from './byte-pair-json.ts';

/** The end of a document, the only token of GPT-2 that no text encodes to. */
export const END_OF_TEXT = '<|endoftext|>';

/**
 * The tokenizer.json of GPT-2 (Radford et al. 2019), ids 0 to 50256, followed by special tokens.
 *
 * @param special texts that are matched as a whole; their ids start at 50257, in this order
 */
export async function gpt2Json(special: readonly string[] = []) {
  derived ??= deriveMerges();
  const { tokens, merges } = await derived;
  return bytePairJson({
    vocab: tokens.map((token, id) => [token, id]),
    merges,
    addedTokens: special.map((content, i) => {
      const id = tokens.indexOf(content);
      return { id: id < 0 ? tokens.length + i : id, content, special: true };
    }),
  });
}

/**
 * The tokenizer of GPT-2 (Radford et al. 2019), 50,257 tokens, as the text of a `tokenizer.json`.
 */
export async function gpt2TokenizerJson(): Promise<string> {
  return prettyText(await gpt2Json([END_OF_TEXT]));
}

/** Deriving takes half a second, so a process does it once. */
let derived: ReturnType<typeof deriveMerges> | undefined;

async function deriveMerges(): Promise<{ readonly tokens: readonly string[]; readonly merges: readonly Merge[] }> {
  const ranks = await gpt2Ranks();
  const merges = [...ranks.keys()].filter(token => token.length > 1).map(token => mergeOf(token, ranks));
  return { tokens: [...ranks.keys(), END_OF_TEXT], merges };
}

/**
 * The tokens of GPT-2 except the last, by rank, in the byte alphabet; a token's id is also the rank
 * of its merge.
 */
async function gpt2Ranks(): Promise<ReadonlyMap<string, number>> {
  const { default: table } = await import('js-tiktoken/ranks/gpt2');
  const ranks: [string, number][] = [];
  for (const line of table.bpe_ranks.split('\n')) {
    const [, first, ...tokens] = line.split(' ');
    tokens.forEach((token, i) => {
      ranks.push([toByteCharacters(bytesOf(token)), Number(first) + i]);
    });
  }
  return new Map(ranks.sort(([, a], [, b]) => a - b));
}

/** The two parts of a token's last merge: the result of applying only the merges before its own. */
function mergeOf(token: string, ranks: ReadonlyMap<string, number>): Merge {
  const own = ranks.get(token)!;
  const rankOf = (pair: string) => ranks.get(pair) ?? own;
  const splits = Array.from(
    { length: token.length - 1 },
    (_, i) => [token.slice(0, i + 1), token.slice(i + 1)] as const,
  );
  const made = splits.filter(parts => parts.every(part => rankOf(part) < own));
  if (made.length === 1) return made[0]!;
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

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0));
}
