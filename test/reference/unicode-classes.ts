/** @file Classes and normal forms of Unicode as the Rust library knows them, and where this engine differs. */
import { fromByteCharacters, toByteCharacters } from '../../src/tokenizer/byte-alphabet.ts';
import { nativeTokenizer } from '../../src/tokenizer/native/native-tokenizer.ts';
import { defineTokenizer } from '../../src/tokenizer/tokenizer-json.ts';

/** All code points of characters. */
export const EVERY = Array.from({ length: 0x110000 }, (_, code) => code).filter(code => code < 0xd800 || code > 0xdfff);

/** The planes that have characters, except those for private use. */
const ASSIGNED = EVERY.filter(code => code < 0x34000 || (code >= 0xe0000 && code < 0xe1000));

export const NORMAL_FORMS = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const;

const AT_ONCE = 0x8000;
const bytes = Array.from({ length: 256 }, (_, byte) => toByteCharacters(Uint8Array.of(byte)));

/** What the Rust library makes of texts before they become bytes. */
function prepared(change: object): (texts: readonly string[]) => readonly string[] {
  const json = {
    ...{ version: '1.0', added_tokens: [], normalizer: null, post_processor: null, decoder: null },
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: false, trim_offsets: false },
    model: { type: 'BPE', vocab: Object.fromEntries(bytes.map((byte, id) => [byte, id])), merges: [] },
  };
  const tokenizer = nativeTokenizer(defineTokenizer('unicode.json', '', { ...json, ...change } as never));
  return texts =>
    tokenizer
      .tokenize(texts)
      .map(({ pieces }) =>
        new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(fromByteCharacters(pieces.join(''))!)),
      );
}

/**
 * Those of some code points that belong to a class.
 *
 * @param pattern of one character, for instance `\p{L}`
 */
export function nativeClass(pattern: string, codes: readonly number[]): ReadonlySet<number> {
  const without = prepared({
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, use_regex: false, trim_offsets: false },
      ],
    },
  });
  const found = new Set<number>();
  for (let from = 0; from < codes.length; from += AT_ONCE) {
    const some = codes.slice(from, from + AT_ONCE);
    const [left] = without([String.fromCodePoint(...some)]);
    const others = new Set(Array.from(left!, character => character.codePointAt(0)!));
    for (const code of some) if (!others.has(code)) found.add(code);
  }
  return found;
}

/** The characters that belong to a class here and not in the Rust library, or the other way round. */
export function differingCharacters(name: string): string[] {
  const native = nativeClass(`\\p{${name}}`, ASSIGNED);
  const here = new RegExp(name === 'Han' ? '\\p{Script=Han}' : `\\p{${name}}`, 'u');
  const characters = ASSIGNED.map(code => String.fromCodePoint(code));
  return characters.filter((character, i) => here.test(character) !== native.has(ASSIGNED[i]!));
}

/**
 * The characters that a normal form treats differently here and in the Rust library: alone, among
 * marks of other classes, and composed with others.
 */
export function differentlyNormalized(form: (typeof NORMAL_FORMS)[number]): ReadonlySet<number> {
  const native = prepared({ normalizer: { type: form } });
  const found = new Set<number>();
  const compare = (codes: readonly number[], textOf: (code: number) => string, blamed = (code: number) => [code]) => {
    for (let from = 0; from < codes.length; from += AT_ONCE) {
      const some = codes.slice(from, from + AT_ONCE);
      const texts = some.map(textOf);
      for (const [i, text] of native(texts).entries()) {
        if (text !== texts[i]!.normalize(form)) for (const code of blamed(some[i]!)) found.add(code);
      }
    }
  };
  const character = (code: number) => String.fromCodePoint(code);
  compare(ASSIGNED, character);
  // The classes of these marks are the first and one of the last.
  compare(ASSIGNED, code => `a${character(code)}\u0334`);
  compare(ASSIGNED, code => `a\u0315${character(code)}b`);
  const parts = (code: number) => character(code).normalize('NFD');
  const composed = ASSIGNED.filter(code => parts(code) !== character(code));
  compare(composed, parts, code => [code, parts(code).codePointAt(0)!]);
  return found;
}
