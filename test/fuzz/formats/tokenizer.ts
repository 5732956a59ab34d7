import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../../src/error.ts';
import { javaScriptEncoder } from '../../../src/tokenizer/javascript/javascript-encoder.ts';
import { readTokenizerJson } from '../../../src/tokenizer/read-tokenizer-json.ts';
import { openTokenizer } from '../../../src/tokenizer/tokenizer.ts';
import { format, pick } from '../format.ts';
import { mutateJson } from '../mutate-json.ts';
import { strictJson } from '../strict-json.ts';

const fixture = (path: string) =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8'));

const bytePairs = fixture('fixtures/tiny-model/tokenizer.json');
/** As Llama 2: no splitting, spaces as a letter, bytes for text without a token. */
const pieces = {
  version: '1.0',
  added_tokens: [
    { id: 0, content: '<unk>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  ],
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: '▁' },
      { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    ],
  },
  pre_tokenizer: null,
  post_processor: null,
  decoder: {
    type: 'Sequence',
    decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }],
  },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: '<unk>',
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: true,
    byte_fallback: true,
    vocab: { '<unk>': 0, '▁': 1, a: 2, b: 3, '▁a': 4, '▁ab': 5, '<0x0A>': 6, '<0xC3>': 7, '<0xA9>': 8 },
    merges: [
      ['▁', 'a'],
      ['▁a', 'b'],
    ],
  },
};

const TEXTS = ['a gorgeous film .\nab', "it's 123  déjà\u00a0vu <s>x</s>"];

export const tokenizer = format({
  name: 'tokenizer.json',
  mutant: random => mutateJson(pick(random, [bytePairs, pieces]), random),
  read: async (bytes, folder) => {
    const file = join(folder, 'tokenizer.json');
    writeFileSync(file, bytes);
    const { encodeAll, decode } = await openTokenizer({ kind: 'tokenizer.json', file });
    const ids = encodeAll(TEXTS);
    return { ids, texts: ids.map(decode), definition: await readTokenizerJson(file) };
  },
  strict: (bytes, { ids, definition }) => {
    strictJson(bytes);
    const encoder = unlessRefused(() => javaScriptEncoder(definition, ''));
    const others = encoder && unlessRefused(() => encoder.encodeAll(TEXTS));
    if (others !== undefined && JSON.stringify(others) !== JSON.stringify(ids)) {
      throw new Error(
        `the JavaScript encoder gives ${JSON.stringify(others)}, the Rust library ${JSON.stringify(ids)}`,
      );
    }
  },
});

function unlessRefused<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
