import { UserError } from '../../error.ts';
import { type Component, componentsAt } from '../components.ts';
import { CONTRACTIONS, GPT2, SPLITTINGS } from '../gguf-splits.ts';

/** Ignoring case, an s also matches a long s, which the library does not know. */
const CASED_CONTRACTIONS = "(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";

/** Patterns that the library matches as Oniguruma does. */
const KNOWN_PATTERNS = new Set([GPT2, '\\p{N}', '\\p{N}+', ...[...SPLITTINGS.values()].flatMap(each => each.patterns)]);

/** Throws an error that names the part of a tokenizer that cannot be computed exactly. */
export function refuse(file: string, what: string): never {
  throw new UserError(
    `${file}: ${what} cannot be done exactly in JavaScript; encode the text in Node, or give token ids`,
  );
}

/** Whether a normalizer is one of Unicode's normal forms. */
export function isNormalForm(type: unknown): boolean {
  return ['NFC', 'NFD', 'NFKC', 'NFKD'].includes(String(type));
}

/**
 * The normalizers of a tokenizer.json.
 *
 * @throws UserError naming one that the library computes differently
 */
export function exactNormalizers(file: string, json: unknown): Component[] {
  return componentsAt('normalizer', json).map((normalizer, place) => {
    if (isNormalForm(normalizer.type)) return normalizer;
    switch (normalizer.type) {
      case 'Prepend':
        // An empty text stays empty; only the first normalizer never gets one.
        return place === 0 ? normalizer : refuse(file, 'normalizer "Prepend" behind another');
      case 'Replace': {
        const { String: text } = normalizer.pattern as { readonly String?: string };
        if (text && !String(normalizer.content).includes('$')) return normalizer;
        return refuse(file, 'normalizer "Replace" by a pattern or with "$"');
      }
      default:
        return refuse(file, `normalizer ${JSON.stringify(normalizer.type)}`);
    }
  });
}

/**
 * The pre-tokenizers of a tokenizer.json, in a form that the library reads as the Rust library
 * does.
 *
 * @param normalizers those that come before
 * @throws UserError
 */
export function exactPreTokenizers(file: string, json: unknown, normalizers: readonly Component[]): Component[] {
  return componentsAt('pre_tokenizer', json).flatMap((pre, place): Component[] => {
    switch (pre.type) {
      case 'ByteLevel': {
        if (pre.add_prefix_space !== false) refuse(file, 'pre_tokenizer "ByteLevel" with a space before the text');
        const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
        return pre.use_regex === false ? [bytes] : [isolated(GPT2), bytes];
      }
      case 'Digits':
        return [isolated(pre.individual_digits === true ? '\\p{N}' : '\\p{N}+')];
      case 'Split':
        return [exactSplit(file, pre)];
      case 'Metaspace':
        if (pre.split !== false) refuse(file, 'pre_tokenizer "Metaspace" that splits');
        if (pre.prepend_scheme === 'first' && place > 0) refuse(file, 'pre_tokenizer "Metaspace" behind another');
        // The Rust library looks for the first character of the original text.
        if (pre.prepend_scheme === 'first' && normalizers.some(({ content }) => content === ''))
          refuse(file, 'pre_tokenizer "Metaspace" behind a normalizer that removes text');
        return [pre];
      default:
        return refuse(file, `pre_tokenizer ${JSON.stringify(pre.type)}`);
    }
  });
}

function exactSplit(file: string, split: Component): Component {
  const { Regex, String: text } = split.pattern as { readonly Regex?: string; readonly String?: string };
  if (split.behavior !== 'Isolated' || split.invert === true) {
    refuse(file, `pre_tokenizer "Split" with behavior ${JSON.stringify(split.behavior)}, invert ${split.invert}`);
  }
  if (text) return split;
  if (Regex === undefined || !KNOWN_PATTERNS.has(Regex))
    refuse(file, `pre_tokenizer "Split" by ${JSON.stringify(Regex)}`);
  return isolated(Regex!.replaceAll(CONTRACTIONS, CASED_CONTRACTIONS));
}

function isolated(Regex: string): Component {
  return { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false };
}
