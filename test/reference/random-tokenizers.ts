/**
 * @file Random tokenizer.json files of every kind of component, and texts that are hard for them.
 */
import fc from 'fast-check';
import { toByteCharacters } from '../../src/tokenizer/byte-alphabet.ts';
import { SPLITTINGS } from '../../src/tokenizer/gguf-splits.ts';

const BYTES = Array.from({ length: 256 }, (_, byte) => toByteCharacters(Uint8Array.of(byte)));
const FALLBACK = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
const LETTERS = [
  'a',
  'b',
  'c',
  ' ',
  '▁',
  '.',
  '1',
  'é',
  'e',
  '\u0301',
  '日',
  '🙂',
  "'",
  's',
  'ſ',
  '_',
  '\n',
  '\u0085',
  '½',
];
const UNITS = [
  ...[
    ...LETTERS,
    'ab',
    'abc',
    '  ',
    '\t',
    '\r\n',
    '\ufeff',
    '\u00a0',
    '\u2028',
    '\u3000',
    '\u200d',
    '\u0000',
    'ﬁ',
    'K',
    '²',
  ],
  ...[
    '٣',
    '1234',
    'Ⅷ',
    ',',
    '!?',
    '$',
    '-',
    '<',
    '👨‍👩‍👧',
    '<s>',
    '<unk>',
    '<0x41>',
    '＜s＞',
    'İ',
    'ß',
    'Σ',
    'Aς',
    "'s",
    "'ſ",
  ],
  ...["'LL", 'x', 'é!', '\ud800', '\udc00', 'aB', 'ﷺ', '가', '\u1100\u1161', 'ा', '\u{E0041}', '\ufffd'],
];

export const hardTexts = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.constantFrom(...UNITS), { maxLength: 12 }).map(units => units.join('')) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  ),
  { minLength: 1, maxLength: 8 },
);

const type = <T extends object>(name: string, fields: { [K in keyof T]: fc.Arbitrary<T[K]> } = {} as never) =>
  fc.record(fields).map(record => ({ type: name, ...record }));
const text = fc.constantFrom('a', ' ', '▁', 'b', '', '$&', '.', '\n');
const pattern = fc.oneof(
  fc.record({ String: text }),
  fc.record({ Regex: fc.constantFrom(...[...SPLITTINGS.values()].flatMap(each => each.patterns)) }),
  fc.record({ Regex: fc.constantFrom('\\s+', 'a|b', '[ab]+', '\\p{N}', '(?=a)', ' {2,}', '\\w+', '.') }),
);
const behavior = fc.constantFrom('Isolated', 'Removed', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous');

/** One of `often` in most cases. */
const mostly = <T>(often: readonly fc.Arbitrary<T>[], seldom: readonly fc.Arbitrary<T>[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.oneof(...often) }, { weight: 1, arbitrary: fc.oneof(...seldom) });
const sequence = <T>(parts: fc.Arbitrary<T>, name: string) =>
  fc.option(
    fc.oneof(
      parts,
      fc.array(parts, { maxLength: 3 }).map(list => ({ type: 'Sequence', [name]: list })),
    ),
    { nil: null, freq: 3 },
  );

const normalizer = sequence<object>(
  mostly<object>(
    [
      ...['NFC', 'NFD', 'NFKC', 'NFKD'].map(name => type(name)),
      type('Prepend', { prepend: fc.constantFrom('▁', ' ', 'a') }),
      type('Replace', { pattern: fc.oneof(fc.record({ String: text }), pattern), content: text }),
    ],
    [
      ...['Lowercase', 'StripAccents', 'Nmt', 'ByteLevel'].map(name => type(name)),
      type('Strip', { strip_left: fc.boolean(), strip_right: fc.boolean() }),
      type('BertNormalizer', {
        ...{ clean_text: fc.boolean(), handle_chinese_chars: fc.boolean(), lowercase: fc.boolean() },
        strip_accents: fc.option(fc.boolean()),
      }),
    ],
  ),
  'normalizers',
);

const byteLevel = type('ByteLevel', {
  ...{ add_prefix_space: mostly([fc.constant(false)], [fc.constant(true)]), use_regex: fc.boolean() },
  trim_offsets: fc.boolean(),
});
const otherPreTokenizer = mostly<object>(
  [
    type('Digits', { individual_digits: fc.boolean() }),
    type('Split', { pattern, behavior: fc.constant('Isolated'), invert: fc.constant(false) }),
    type('Metaspace', {
      ...{ replacement: fc.constant('▁'), prepend_scheme: fc.constantFrom('first', 'always', 'never') },
      split: fc.constant(false),
    }),
  ],
  [
    type('Split', { pattern, behavior, invert: fc.boolean() }),
    type('Punctuation', { behavior }),
    ...['Whitespace', 'WhitespaceSplit', 'BertPreTokenizer', 'UnicodeScripts'].map(name => type(name)),
    type('CharDelimiterSplit', { delimiter: fc.constantFrom(' ', 'a') }),
    type('FixedLength', { length: fc.integer({ min: 1, max: 3 }) }),
    type('Metaspace', {
      replacement: fc.constant('▁'),
      prepend_scheme: fc.constant('first'),
      split: fc.constant(true),
    }),
  ],
);

/** Merges of tokens that are there, and the tokens that they make. */
function grow(start: readonly string[], picks: readonly (readonly [number, number])[]) {
  const tokens = [...start];
  const merges: (readonly [string, string])[] = [];
  for (const [i, j] of picks) {
    const pair = [tokens[i % tokens.length]!, tokens[j % tokens.length]!] as const;
    merges.push(pair);
    if (!tokens.includes(pair.join(''))) tokens.push(pair.join(''));
  }
  return { tokens, merges };
}

const picks = fc.array(fc.tuple(fc.nat(300), fc.nat(300)), { maxLength: 12 });
const flags = { ignore_merges: fc.boolean(), fuse_unk: fc.boolean() };

const bytePairs = fc
  .record({
    ...flags,
    isByteLevel: fc.boolean(),
    lacking: fc.subarray(BYTES.slice(60, 80)),
    letters: fc.subarray(LETTERS, { minLength: 4 }),
    fallback: fc.constantFrom('all', 'some', 'none'),
    unk: fc.constantFrom(null, '<unk>', '<lacking>'),
    picks,
    extra: picks,
  })
  .chain(choice => {
    // Those that texts are made of stand first, so that merges are found in them.
    const frequent = Array.from(toByteCharacters("ab c1.e日é▁'s"));
    const bytes = [...new Set([...frequent, ...BYTES])].filter(byte => !choice.lacking.includes(byte));
    const fallback = choice.fallback === 'none' ? [] : FALLBACK.slice(choice.fallback === 'all' ? 0 : 100);
    const { tokens, merges } = grow(choice.isByteLevel ? bytes : choice.letters, [
      ...choice.picks.map(([i, j]) => [i % 12, j % 12] as const),
      ...choice.extra,
    ]);
    const all = [...new Set(['<unk>', ...tokens, ...(choice.isByteLevel ? [] : fallback)])];
    const model = {
      ...{ type: 'BPE', unk_token: choice.unk, byte_fallback: choice.fallback !== 'none' && !choice.isByteLevel },
      ...{ fuse_unk: choice.fuse_unk, ignore_merges: choice.ignore_merges, dropout: null, merges },
      vocab: Object.fromEntries(all.map((token, id) => [token, id])),
    };
    const parts = fc.array(otherPreTokenizer, { maxLength: 2 });
    return fc.record({
      model: fc.constant(model),
      pre_tokenizer: choice.isByteLevel
        ? fc.tuple(parts, byteLevel).map(([list, last]) => ({ type: 'Sequence', pretokenizers: [...list, last] }))
        : sequence<object>(otherPreTokenizer, 'pretokenizers'),
    });
  });

const ids = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, id) => [token, id]));
const otherModels = fc.record({
  model: fc.constantFrom(
    { type: 'WordLevel', vocab: ids(['<unk>', 'a', 'b', 'ab']), unk_token: '<unk>' },
    {
      type: 'Unigram',
      vocab: [
        ['<unk>', 0],
        ['a', -1],
        ['b', -1.5],
        ['ab', -1.25],
      ],
      unk_id: 0,
      byte_fallback: false,
    },
    {
      ...{ type: 'WordPiece', vocab: ids(['<unk>', 'a', '##a', 'b', '##b']), unk_token: '<unk>' },
      ...{ continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
    },
  ),
  pre_tokenizer: sequence<object>(otherPreTokenizer, 'pretokenizers'),
});

const seldomTrue = mostly([fc.constant(false)], [fc.boolean()]);
const addedTokens = fc.uniqueArray(
  fc.record({
    content: fc.constantFrom('<s>', '<unk>', 'ab', 'abc', 'é', 'e\u0301', ' a', '▁', '<', '🙂', '\n\n', 'A', '日a'),
    ...{ special: fc.boolean(), normalized: fc.boolean() },
    ...{ single_word: seldomTrue, lstrip: seldomTrue, rstrip: seldomTrue },
  }),
  { selector: token => token.content, maxLength: 4 },
);

/** Tokenizer.json files, as objects. Some cannot be opened by any library. */
export const randomTokenizers = fc
  .tuple(
    mostly<{ model: Record<string, unknown>; pre_tokenizer: unknown }>([bytePairs], [otherModels as never]),
    normalizer,
    addedTokens,
  )
  .map(([{ model, pre_tokenizer }, normalizer, added]) => {
    const vocab = model.vocab as Record<string, number> | readonly unknown[];
    let next = Array.isArray(vocab) ? vocab.length : Object.keys(vocab).length;
    const known = (content: string) =>
      Array.isArray(vocab)
        ? ['<unk>', 'a', 'b', 'ab'].indexOf(content)
        : ((vocab as Record<string, number>)[content] ?? -1);
    const added_tokens = added.map(token => {
      const id = known(token.content);
      return { id: id >= 0 ? id : next++, ...token };
    });
    return { version: '1.0', added_tokens, normalizer, pre_tokenizer, post_processor: null, decoder: null, model };
  });
