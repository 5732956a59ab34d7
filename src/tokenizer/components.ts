import { UserError } from '../error.ts';

/** One entry of a tokenizer.json that has a type. */
export type Component = Readonly<Record<string, unknown>> & { readonly type: string };

/** The components of the Rust library, by their place in a tokenizer.json. */
const KNOWN = {
  normalizer: [
    ...['BertNormalizer', 'ByteLevel', 'Lowercase', 'NFC', 'NFD', 'NFKC', 'NFKD', 'Nmt', 'Precompiled', 'Prepend'],
    ...['Replace', 'Sequence', 'Strip', 'StripAccents'],
  ],
  pre_tokenizer: [
    ...['BertPreTokenizer', 'ByteLevel', 'CharDelimiterSplit', 'Digits', 'FixedLength', 'Metaspace', 'Punctuation'],
    ...['Sequence', 'Split', 'UnicodeScripts', 'Whitespace', 'WhitespaceSplit'],
  ],
  decoder: [
    ...['BPEDecoder', 'ByteFallback', 'ByteLevel', 'CTC', 'Fuse', 'Metaspace', 'Replace', 'Sequence', 'Strip'],
    'WordPiece',
  ],
  model: ['BPE', 'Unigram', 'WordLevel', 'WordPiece'],
} as const;

const PARTS: Readonly<Record<string, string>> = {
  normalizer: 'normalizers',
  pre_tokenizer: 'pretokenizers',
  decoder: 'decoders',
};

/** Every component at a place of a tokenizer.json, those of a `Sequence` one by one. */
export function componentsAt(place: keyof typeof KNOWN, component: unknown): Component[] {
  if (typeof component !== 'object' || component === null) return [];
  const parts = (component as Component)[PARTS[place] ?? ''];
  if ((component as Component).type === 'Sequence' && Array.isArray(parts)) {
    return parts.flatMap(part => componentsAt(place, part));
  }
  return [component as Component];
}

/** `a b` in older files, or `["a", "b"]`. */
function isMerge(merge: unknown): boolean {
  if (typeof merge === 'string') return true;
  return Array.isArray(merge) && merge.length === 2 && merge.every(token => typeof token === 'string');
}

/**
 * Checked here because the library's error for an unknown component does not name it.
 *
 * @throws UserError for a component that the Rust library does not know, damaged merges, and random
 * ids
 */
export function checkComponents(file: string, json: Readonly<Record<string, unknown>>): void {
  for (const place of Object.keys(KNOWN) as (keyof typeof KNOWN)[]) {
    for (const { type } of componentsAt(place, json[place])) {
      if (type === undefined || (KNOWN[place] as readonly string[]).includes(type)) continue;
      throw new UserError(
        `${file}: ${place} ${JSON.stringify(type)} is not supported; these are: ${KNOWN[place].join(', ')}`,
      );
    }
  }
  const { dropout, merges } = json.model as Component;
  if (merges !== undefined && !(Array.isArray(merges) && merges.every(isMerge))) {
    throw new UserError(`${file}: model.merges must be a list of pairs of tokens; fetch or write the file again`);
  }
  if (typeof dropout === 'number' && dropout > 0) {
    throw new UserError(`${file}: model.dropout ${dropout} gives other ids each time; set it to null`);
  }
}
