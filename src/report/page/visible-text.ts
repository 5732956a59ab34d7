/**
 * @file Text of others as text: what it holds is shown, and it moves nothing. The page escapes HTML;
 * here characters become visible that a reader would not see, or that turn the text around them.
 */

import { codePointName } from '../../code-point.ts';

/** Controls but tab and line feed, marks of direction, invisible and private characters, halves of a pair. */
const UNSEEN =
  /[\p{Cc}\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\p{Cs}]|[\u{e0000}-\u{e007f}]/gu;

/** `a\u202eb` -> `a⟨U+202E⟩b`; tabs and line feeds stay. */
export function visibleText(text: string): string {
  return text.replaceAll(UNSEEN, found => (found === '\n' || found === '\t' ? found : `⟨${codePointName(found)}⟩`));
}

/** As visibleText, in one line: of a token. */
export function visibleToken(text: string): string {
  return visibleText(text).replaceAll('\n', '↵').replaceAll('\t', '⇥');
}

/** JSON-like data with all texts, keys too, made visible. */
export function visibleData<T>(data: T): T {
  return shown(data) as T;
}

function shown(value: unknown): unknown {
  if (typeof value === 'string') return visibleText(value);
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [visibleText(key), shown(part)]));
}

/**
 * JSON for a `<script>`, with escapes for what could end it or begin a comment, and for what a
 * reader of the source would not see.
 */
export function scriptJson(data: unknown): string {
  return JSON.stringify(data).replaceAll(/[<>]/g, escaped).replaceAll(UNSEEN, escaped);
}

function escaped(text: string): string {
  return Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  );
}
