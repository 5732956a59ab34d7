import * as z from 'zod';
import type { TokenizerSource } from '../checkpoint/checkpoint.ts';
import { UserError } from '../error.ts';
import { withFile } from '../files/file-bytes.ts';
import { bytePairJson } from './byte-pair-json.ts';
import type { Definition } from './definition.ts';
import { defineTokenizer, parseJson } from './tokenizer-json.ts';

type Gpt2Source = Extract<TokenizerSource, { readonly kind: 'gpt2' }>;

const token = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
  .nullish()
  .catch(null);
const names = { bos_token: token, eos_token: token, unk_token: token, pad_token: token };
const specialTokens = z.looseObject({ ...names, additional_special_tokens: z.array(token).nullish() });
const settings = specialTokens.extend({
  tokenizer_class: z.string().nullish(),
  add_prefix_space: z.boolean().nullish(),
  added_tokens_decoder: z.record(z.string(), z.looseObject({ content: z.string() })).nullish(),
});
const addedIds = z.record(z.string(), z.int().nonnegative());
const vocabulary = z.record(z.string(), z.number());
/** Part of the digest since 0.1.0. */
const PLAIN = { normalized: false, single_word: false, lstrip: false, rstrip: false } as const;

/**
 * The vocabulary in GPT-2's own files: `vocab.json`, `merges.txt`, and special tokens from the
 * files next to them. A special token without an id is left out: the model has no row for it.
 *
 * @throws UserError when a file cannot be read or has another form, or names a tokenizer that
 * splits text differently
 */
export async function readGpt2Files(source: Gpt2Source): Promise<Definition> {
  const { file } = source;
  const merges = mergesOf(await read(source.merges));
  const tokens = vocabulary.safeParse(parseJson(file, await read(file)));
  if (!tokens.success) throw new UserError(`${file}: must be an object that maps each token to its id`);
  const vocab = new Map(Object.entries(tokens.data));
  const config = await readIf(source.configFile, settings);
  const kind = config?.tokenizer_class ?? 'GPT2Tokenizer';
  if (!/^GPT2Tokenizer(?:Fast)?$/.test(kind)) {
    throw new UserError(`${source.configFile}: ${kind} without a tokenizer.json is not supported; save one next to it`);
  }
  if (config?.add_prefix_space === true) {
    throw new UserError(`${source.configFile}: add_prefix_space is not supported; save a tokenizer.json next to it`);
  }
  const numbered = new Map(Object.entries((await readIf(source.addedFile, addedIds)) ?? {}));
  for (const [id, { content }] of Object.entries(config?.added_tokens_decoder ?? {})) {
    if (!/^\d{1,9}$/.test(id)) throw new UserError(`${source.configFile}: ${JSON.stringify(id)} is no token id`);
    numbered.set(content, Number(id));
  }
  const asked = [config, await readIf(source.specialFile, specialTokens)].flatMap(map => [
    ...(['bos_token', 'eos_token', 'unk_token', 'pad_token'] as const).map(name => map?.[name]),
    ...(map?.additional_special_tokens ?? []),
  ]);
  const contents = new Set([...numbered.keys(), ...asked, '<|endoftext|>']);
  const addedTokens = [...contents].flatMap(content => {
    const id = content ? (numbered.get(content) ?? vocab.get(content)) : undefined;
    return !content || id === undefined ? [] : [{ id, content, special: true }];
  });
  const identity = JSON.stringify(['gpt2', [...vocab], merges, addedTokens.map(token => ({ ...token, ...PLAIN }))]);
  for (const { id, content } of addedTokens) {
    const other = vocab.get(content) ?? id;
    if (other !== id) {
      throw new UserError(`${file}: token ${JSON.stringify(content)} has two ids, ${other} and ${id}`);
    }
    // A token of the vocabulary keeps its id, even if lower ids are free.
    vocab.set(content, id);
  }
  return defineTokenizer(file, identity, bytePairJson({ vocab, merges, addedTokens }));
}

/** One merge per line, best first, after a line with the version. */
function mergesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')));
}

function read(file: string): Promise<string> {
  return withFile(file, handle => handle.readFile('utf8'));
}

async function readIf<S extends z.ZodType>(file: string | undefined, schema: S): Promise<z.output<S> | undefined> {
  if (file === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(file, await read(file)));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new UserError(`${file}: ${issue.path.join('.') || 'the file'}: ${issue.message}; fetch it again`);
}
