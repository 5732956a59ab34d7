/** A number as written in the text, which distinguishes `1e3`, `-0` and integers past 2^53. */
interface JsonNumber {
  readonly text: string;
}

/**
 * JSON with objects as maps (any key is an ordinary key, in the order of the text) and numbers as
 * text.
 */
export type StrictJson = null | boolean | string | JsonNumber | readonly StrictJson[] | JsonMap;
export type JsonMap = ReadonlyMap<string, StrictJson>;

// Checkpoint headers nest three deep; the cap only keeps "[[[[..." from exhausting the stack.
const MAX_DEPTH = 32;

// Longer than any meaningful number; keeps the pattern below from scanning megabytes of digits.
const MAX_NUMBER_LENGTH = 400;

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const NUMBER_CHARACTERS = new Set('+-.0123456789eE');
const WORDS = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const LONE_SURROGATE = /\p{Surrogate}/u;
const WHOLE = /^(?:0|[1-9][0-9]{0,15})$/;

/**
 * Parses JSON (RFC 8259) and refuses what `JSON.parse` hides: duplicate keys and unpaired
 * surrogates.
 *
 * @throws SyntaxError saying what is wrong and at which character.
 */
export function parseStrictJson(text: string): StrictJson {
  let at = 0;

  const fail = (what: string): never => {
    throw new SyntaxError(`${what} at character ${at}`);
  };
  const skipBlank = (): void => {
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      at++;
    }
  };
  // Scanned by a loop: a regular expression would need a stack as long as the string.
  const string = (): string => {
    if (text[at] !== '"') fail('a string is expected');
    const start = at++;
    let escaped = false;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 34) break;
      if (Number.isNaN(code)) fail('a string does not end');
      if (code < 32) fail('a string holds a control character');
      if (code === 92) {
        escaped = true;
        at++;
      }
      at++;
    }
    at++;
    const value = escaped ? withEscapes(start) : text.slice(start + 1, at - 1);
    if (LONE_SURROGATE.test(value)) fail('a string holds an unpaired surrogate');
    return value;
  };
  const withEscapes = (start: number): string => {
    try {
      return JSON.parse(text.slice(start, at)) as string;
    } catch {
      return fail('a string holds an unknown escape');
    }
  };
  const number = (): JsonNumber => {
    const start = at;
    while (at < start + MAX_NUMBER_LENGTH && NUMBER_CHARACTERS.has(text[at] ?? '')) at++;
    const digits = text.slice(start, at);
    if (!NUMBER.test(digits)) fail('a value is expected');
    return { text: digits };
  };
  const word = (): boolean | null | undefined => {
    for (const [name, meaning] of WORDS) {
      if (!text.startsWith(name, at)) continue;
      at += name.length;
      return meaning;
    }
    return undefined;
  };
  const list = (depth: number): StrictJson[] => {
    const items: StrictJson[] = [];
    at++;
    skipBlank();
    if (text[at] === ']') {
      at++;
      return items;
    }
    for (;;) {
      items.push(value(depth));
      skipBlank();
      const next = text[at];
      if (next !== ',' && next !== ']') fail('"," or "]" is expected');
      at++;
      if (next === ']') return items;
    }
  };
  const object = (depth: number): JsonMap => {
    const entries = new Map<string, StrictJson>();
    at++;
    skipBlank();
    if (text[at] === '}') {
      at++;
      return entries;
    }
    for (;;) {
      skipBlank();
      const key = string();
      if (entries.has(key)) fail(`the key ${JSON.stringify(key)} appears twice`);
      skipBlank();
      if (text[at] !== ':') fail('":" is expected');
      at++;
      entries.set(key, value(depth));
      skipBlank();
      const next = text[at];
      if (next !== ',' && next !== '}') fail('"," or "}" is expected');
      at++;
      if (next === '}') return entries;
    }
  };
  const value = (depth: number): StrictJson => {
    if (depth > MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH}`);
    skipBlank();
    const next = text[at];
    if (next === '{') return object(depth + 1);
    if (next === '[') return list(depth + 1);
    if (next === '"') return string();
    const literal = word();
    return literal === undefined ? number() : literal;
  };

  const parsed = value(0);
  skipBlank();
  if (at !== text.length) fail('something follows the end of the document');
  return parsed;
}

/** Whether a value is an object. */
export function isJsonMap(value: StrictJson | undefined): value is JsonMap {
  return value instanceof Map;
}

/** A non-negative integer written in plain digits, up to 2^53 - 1; anything else is undefined. */
export function wholeNumber(value: StrictJson | undefined): number | undefined {
  if (value === undefined || value === null || typeof value !== 'object' || !('text' in value)) return undefined;
  if (!WHOLE.test(value.text)) return undefined;
  const number = Number(value.text);
  return Number.isSafeInteger(number) ? number : undefined;
}
