import { parseShallowJson } from '../../files/shallow-json.ts';

const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['NaN', Number.NaN],
]);

/**
 * JSON as Python writes and reads it: with `Infinity`, `-Infinity` and `NaN`, or with such a number
 * as `{"__float__": "Infinity"}`, as transformers 5 writes it.
 *
 * @throws SyntaxError as `parseShallowJson`
 */
export function parsePythonJson(text: string): unknown {
  const json = /Infinity|NaN/.test(text) ? withTags(text) : text;
  // Checked first: the function below is called at every depth.
  parseShallowJson(json);
  return JSON.parse(json, (_, value: unknown) => {
    if (value === null || typeof value !== 'object' || !('__float__' in value)) return value;
    return NUMBERS.get(value.__float__) ?? value;
  });
}

/**
 * The same text with `{"__float__": ...}` in place of the numbers that JSON does not have; strings
 * are unchanged.
 */
function withTags(text: string): string {
  const token = /"|-?Infinity|NaN/g;
  const pieces: string[] = [];
  let done = 0;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] === '"') {
      token.lastIndex = endOfText(text, token.lastIndex);
      continue;
    }
    pieces.push(text.slice(done, found.index), `{"__float__": "${found[0]}"}`);
    done = token.lastIndex;
  }
  return pieces.join('') + text.slice(done);
}

/** The index after the closing quote. */
function endOfText(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
