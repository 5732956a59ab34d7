import { UserError } from '../error.ts';
import { toByteCharacters } from './byte-alphabet.ts';
import { numberHeap } from './number-heap.ts';

/** Longer words are seldom seen twice. */
const LONGEST_REMEMBERED = 256;
const MOST_REMEMBERED = 20_000;
const MOST_PAIRS = 500_000;

/** What byte-pair encoding needs of a vocabulary. */
export interface Merges {
  readonly ids: ReadonlyMap<string, number>;
  /** Place of the pair in the merge list, from 0; undefined when it is not listed. */
  rankOf(left: string, right: string): number | undefined;
  /** Words are merged over the characters of the GPT-2 alphabet, one for each byte. */
  readonly byteLevel: boolean;
  /** Characters that are no token are left out before pairs are merged, so that their neighbours may join. */
  readonly dropUnknown: boolean;
  /** A whole word that is a token is not split. */
  readonly ignoreMerges: boolean;
}

/**
 * Byte-pair encoding of one pre-token: neighbours are joined in the order of the merge list, the leftmost first, until
 * no listed pair is left. Takes O(n log n) for n characters, so that a megabyte without a border does no harm.
 *
 * @param file where the vocabulary came from, for messages
 * @returns a function from a word to its tokens; a character that is no token stays as it is or is left out
 * @throws UserError (the returned function) when a merge leads to text that is no token
 */
export function bytePairEncoder(file: string, merges: Merges): (word: string) => string[] {
  const { ids, rankOf, byteLevel, dropUnknown, ignoreMerges } = merges;
  const stride = ids.size === 0 ? 1 : 1 + [...ids.values()].reduce((a, b) => Math.max(a, b));
  const nameOf: string[] = [];
  const rankOfPair = new Map<number, number>();
  const idOfMerge: number[] = [];

  const idOf = (text: string): number => {
    const id = ids.get(text);
    if (id === undefined) return -1;
    nameOf[id] = text;
    return id;
  };
  /** Pairs are looked up by text once, and by number from then on. */
  const rankOfIds = (left: number, right: number): number => {
    if (left < 0 || right < 0) return -1;
    const pair = left * stride + right;
    const known = rankOfPair.get(pair);
    if (known !== undefined) return known;
    const rank = rankOf(nameOf[left]!, nameOf[right]!) ?? -1;
    if (rank >= 0) {
      const id = idOf(nameOf[left]! + nameOf[right]!);
      if (id < 0) {
        const pairText = `${JSON.stringify(nameOf[left])} + ${JSON.stringify(nameOf[right])}`;
        throw new UserError(`${file}: merge ${rank} (${pairText}) makes a token that is not in the vocabulary`);
      }
      idOfMerge[rank] = id;
    }
    if (rankOfPair.size >= MOST_PAIRS) rankOfPair.clear();
    rankOfPair.set(pair, rank);
    return rank;
  };

  const merge = (word: string): string[] => {
    const all = Array.from(word);
    const characters = dropUnknown ? all.filter(character => ids.has(character)) : all;
    const n = characters.length;
    const token = new Int32Array(n);
    const next = new Int32Array(n);
    const previous = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      token[i] = idOf(characters[i]!);
      next[i] = i + 1 < n ? i + 1 : -1;
      previous[i] = i - 1;
    }
    // Rank of the pair that starts at a place; a heap entry that says otherwise is out of date.
    const rankAt = new Int32Array(n);
    const heap = numberHeap(3 * n);
    const renew = (left: number) => {
      const right = next[left]!;
      const rank = right < 0 ? -1 : rankOfIds(token[left]!, token[right]!);
      rankAt[left] = rank;
      if (rank >= 0) heap.push(rank * n + left);
    };

    for (let i = 0; i < n; i++) renew(i);
    for (let entry = heap.pop(); entry >= 0; entry = heap.pop()) {
      const left = entry % n;
      const rank = (entry - left) / n;
      if (rankAt[left] !== rank) continue;
      const right = next[left]!;
      const after = next[right]!;
      token[left] = idOfMerge[rank]!;
      rankAt[right] = -1;
      next[left] = after;
      if (after >= 0) previous[after] = left;
      renew(left);
      if (previous[left]! >= 0) renew(previous[left]!);
    }

    const result: string[] = [];
    for (let i = 0; i >= 0 && i < n; i = next[i]!) result.push(token[i]! < 0 ? characters[i]! : nameOf[token[i]!]!);
    return result;
  };

  const remembered = new Map<string, string[]>();
  return word => {
    const known = remembered.get(word);
    if (known !== undefined) return known;
    const text = byteLevel ? toByteCharacters(word) : word;
    const result = ignoreMerges && ids.has(text) ? [text] : merge(text);
    if (word.length <= LONGEST_REMEMBERED) {
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(word, result);
    }
    return result;
  };
}
