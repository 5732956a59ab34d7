import { closest } from 'fastest-levenshtein';
import { UserError } from '../../error.ts';
import { parseJsonLines } from '../../task/rows/json-lines.ts';

/** A demonstration as it is fed. */
export interface LabelledPrompt {
  readonly prompt: string;
  /** Index of its label word. */
  readonly label: number;
}

/**
 * Label words separated by commas, each as typed: " Negative, Positive" are " Negative" and " Positive".
 *
 * @throws UserError when one is empty or given twice
 */
export function parseLabels(list: string): string[] {
  const labels = list.split(',');
  const bad = labels.findIndex((label, i) => label.trim() === '' || labels.indexOf(label) !== i);
  if (bad < 0) return labels;
  const what = labels[bad]!.trim() === '' ? 'is empty' : 'is in the list twice';
  throw new UserError(`label ${bad + 1} ${what}`, { option: 'labels', value: list });
}

/**
 * Demonstrations, one JSON object a line: `prompt` (or `text`) is fed unchanged, `label` is a label word, with or without
 * its leading space, or its place from 0.
 *
 * @throws UserError naming file and line
 */
export function parseDemonstrations(file: string, bytes: Buffer, labels: readonly string[]): LabelledPrompt[] {
  return parseJsonLines(file, bytes).map(({ values, where }) => {
    const prompt = Object.hasOwn(values, 'prompt') ? values.prompt : values.text;
    if (typeof prompt !== 'string' || prompt === '') {
      throw new UserError(`${where}: needs a "prompt" that is a text, as in {"prompt": "...", "label": "..."}`);
    }
    return { prompt, label: placeOf(values.label, labels, where) };
  });
}

function placeOf(label: unknown, labels: readonly string[], where: string): number {
  if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < labels.length) return label;
  if (typeof label !== 'string') {
    throw new UserError(
      `${where}: "label" must be one of the label words, or its place from 0 to ${labels.length - 1}`,
    );
  }
  const exact = labels.indexOf(label);
  const place = exact >= 0 ? exact : labels.findIndex(word => word.trim() === label.trim());
  if (place >= 0) return place;
  throw new UserError(
    `${where}: label ${JSON.stringify(label)} is not among \`labels\`; the nearest is ${JSON.stringify(closest(label, [...labels]))}`,
  );
}
