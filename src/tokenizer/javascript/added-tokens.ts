/** A piece of a text: an added token with its id, or the text between two. */
export interface Section {
  readonly text: string;
  readonly id: number | undefined;
}

/**
 * Splits a text at tokens: the leftmost first, and the longest of several at one place.
 *
 * @param ids by the text of the token
 */
export function tokenSplitter(ids: ReadonlyMap<string, number>): (text: string) => readonly Section[] {
  const longestFirst = [...ids.keys()].sort((a, b) => b.length - a.length).map(escaped);
  const pattern = new RegExp(longestFirst.join('|'), 'gu');
  return text => {
    const sections: Section[] = [];
    const between = (start: number, end: number): void => {
      if (end > start) sections.push({ text: text.slice(start, end), id: undefined });
    };
    let end = 0;
    for (const match of ids.size === 0 ? [] : text.matchAll(pattern)) {
      between(end, match.index);
      sections.push({ text: match[0], id: ids.get(match[0])! });
      end = match.index + match[0].length;
    }
    between(end, text.length);
    return sections;
  };
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
