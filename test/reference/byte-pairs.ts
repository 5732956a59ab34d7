/**
 * @file Training of byte pairs as plainly as it can be said: count all pairs, merge the most
 * frequent, again.
 */

const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/**
 * The bytes of a text in the alphabet of GPT-2, from its description: printable bytes stay, the
 * others follow from U+0100 on.
 */
export function byteCharactersOf(text: string): string {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  const others = Array.from({ length: 256 }, (_, byte) => byte).filter(byte => !printable(byte));
  return [...Buffer.from(text)]
    .map(byte => String.fromCodePoint(printable(byte) ? byte : 256 + others.indexOf(byte)))
    .join('');
}

/**
 * The first merges of lines of text. Of pairs that are equally frequent the one whose tokens are
 * older wins, letters by their code.
 */
export function slowMerges(lines: readonly string[], count: number): [string, string][] {
  const words = lines.flatMap(line => line.match(WORDS) ?? []).map(word => [...byteCharactersOf(word)]);
  const age = [...new Set(words.flat())].sort();
  const merges: [string, string][] = [];
  while (merges.length < count) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        const key = `${age.indexOf(word[i]!)} ${age.indexOf(word[i + 1]!)}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const [best] = [...counts]
      .map(([key, n]) => ({ n, pair: key.split(' ').map(Number) as [number, number] }))
      .sort((a, b) => b.n - a.n || a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1]);
    if (best === undefined) break;
    const [left, right] = best.pair.map(i => age[i]!) as [string, string];
    merges.push([left, right]);
    age.push(left + right);
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) word.splice(i, 2, left + right);
      }
    }
  }
  return merges;
}
