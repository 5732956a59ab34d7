/** @file What Live is asked: demonstrations, label words and a query, as they are typed. */
import { closest } from 'fastest-levenshtein';
import { UserError } from '../../error.ts';

export interface LabelledText {
  /** Fed unchanged: the template has been filled in. */
  readonly text: string;
  /** Index of its label word. */
  readonly label: number;
}

export interface LiveRequest {
  readonly demonstrations: readonly LabelledText[];
  /** With their leading space. */
  readonly labels: readonly string[];
  /** Fed unchanged. */
  readonly query: string;
  readonly learningRate: number;
  /** Demonstrations of the null "other demonstrations"; it is left out where there are none. */
  readonly others: readonly LabelledText[];
}

/**
 * Label words separated by commas: "Negative, Positive" are " Negative" and " Positive".
 *
 * @throws UserError when there are fewer than two, or one is empty or given twice
 */
export function parseLabelWords(list: string): readonly string[] {
  const words = list.split(',').map(word => ` ${word.trim()}`);
  const fail = (what: string): never => {
    throw new UserError(what, {
      option: 'labels',
      remedy: 'separate two or more words by commas, as in Negative, Positive',
    });
  };
  if (words.length < 2) fail('one label word leaves nothing to choose');
  const bad = words.findIndex((word, i) => word === ' ' || words.indexOf(word) !== i);
  if (bad >= 0)
    fail(words[bad] === ' ' ? `label word ${bad + 1} is empty` : `the label word${words[bad]} is there twice`);
  return words;
}

/**
 * Demonstrations, one a line: text, a tab, a label word. The text ends at the last tab. Empty lines are left out.
 *
 * @param labels with their leading space
 * @throws UserError naming the line
 */
export function parseDemonstrationLines(lines: string, labels: readonly string[]): readonly LabelledText[] {
  return lines.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === '') return [];
    const fail = (what: string, remedy: string): never => {
      throw new UserError(`line ${i + 1}: ${what}`, { option: 'demonstrations', remedy });
    };
    const tab = line.lastIndexOf('\t');
    if (tab < 0) fail('there is no tab', 'write the text, a tab and the label word');
    const text = line.slice(0, tab);
    if (text === '') fail('there is no text before the tab', 'write the text, a tab and the label word');
    const word = line.slice(tab + 1).trim();
    const label = labels.indexOf(` ${word}`);
    if (label < 0) {
      const near = closest(
        word,
        labels.map(each => each.trim()),
      );
      fail(`${JSON.stringify(word)} is not a label word`, `the nearest is ${near}`);
    }
    return [{ text, label }];
  });
}

/** The lines that `parseDemonstrationLines` reads. */
export function demonstrationLines(demonstrations: readonly LabelledText[], labels: readonly string[]): string {
  return demonstrations.map(({ text, label }) => `${text}\t${labels[label]!.trim()}`).join('\n');
}
