import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { TokenizerSource } from '../checkpoint/checkpoint.ts';
import { fileError } from '../checkpoint/file-bytes.ts';
import { UserError } from '../error.ts';
import { GPT2_PARTS, PLAIN_TOKEN } from './gpt2.ts';
import { checkAddedTokens, parseJson, readBytePair } from './tokenizer-json.ts';
import type { AddedToken, Vocabulary } from './vocabulary.ts';

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
const addedTokens = z.record(z.string(), z.int().nonnegative());

/**
 * The vocabulary in GPT-2's own files: `vocab.json`, `merges.txt`, and special tokens as the files beside them say. A
 * special token without an id is left out: the model has no row for it.
 *
 * @throws UserError when a file cannot be read or has another form, or names a tokenizer that splits text differently
 */
export async function readGpt2Files(source: Gpt2Source): Promise<Vocabulary> {
  const { file } = source;
  const merges = mergesOf(await read(source.merges));
  const model = readBytePair(file, { vocab: parseJson(file, await read(file)), merges }, true);
  const config = await readIf(source.configFile, settings);
  const kind = config?.tokenizer_class ?? 'GPT2Tokenizer';
  if (!/^GPT2Tokenizer(?:Fast)?$/.test(kind)) {
    throw new UserError(`${source.configFile}: ${kind} without a tokenizer.json is not supported; save one beside it`);
  }
  if (config?.add_prefix_space === true) {
    throw new UserError(`${source.configFile}: add_prefix_space is not supported; save a tokenizer.json beside it`);
  }
  const numbered = new Map(Object.entries((await readIf(source.addedFile, addedTokens)) ?? {}));
  for (const [id, { content }] of Object.entries(config?.added_tokens_decoder ?? {})) {
    if (!/^\d{1,9}$/.test(id)) throw new UserError(`${source.configFile}: ${JSON.stringify(id)} is no token id`);
    numbered.set(content, Number(id));
  }
  const asked = [config, await readIf(source.specialFile, specialTokens)].flatMap(map => [
    ...(['bos_token', 'eos_token', 'unk_token', 'pad_token'] as const).map(name => map?.[name]),
    ...(map?.additional_special_tokens ?? []),
  ]);
  const contents = new Set([...numbered.keys(), ...asked, '<|endoftext|>']);
  const added: AddedToken[] = [...contents].flatMap(content => {
    const id = content ? (numbered.get(content) ?? model.ids.get(content)) : undefined;
    return !content || id === undefined ? [] : [{ id, content, special: true, ...PLAIN_TOKEN }];
  });
  checkAddedTokens(file, added, model.ids);
  const digest = createHash('sha256')
    .update(JSON.stringify(['gpt2', [...model.ids], merges, added]))
    .digest('hex');
  return { file, digest, ...GPT2_PARTS, addedTokens: added, model };
}

/** One merge a line, best first, behind a line that tells the version. */
function mergesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')));
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw fileError(file, error);
  }
}

async function readIf<S extends z.ZodType>(file: string | undefined, schema: S): Promise<z.output<S> | undefined> {
  if (file === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(file, await read(file)));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new UserError(`${file}: ${issue.path.join('.') || 'the file'}: ${issue.message}; fetch it again`);
}
