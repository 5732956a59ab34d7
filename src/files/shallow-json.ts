/**
 * The limit of the Rust readers of JSON. Serialising or comparing a value takes stack for each
 * level.
 */
const MAX_DEPTH = 128;

/** `JSON.parse` for text that is nested at most 128 deep. @throws SyntaxError */
export function parseShallowJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (depthOf(text) > MAX_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_DEPTH}`);
  return value;
}

/** The nesting depth of valid JSON text. */
function depthOf(text: string): number {
  let [depth, most] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22:
        at = endOfString(text, at + 1);
        break;
      case 0x5b:
      case 0x7b:
        depth++;
        if (depth > most) most = depth;
        break;
      case 0x5d:
      case 0x7d:
        depth--;
    }
  }
  return most;
}

/** The place of the quote that ends a string. */
function endOfString(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return at;
}
