import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../error.ts';
import type { Checkpoint, TokenizerSource } from './checkpoint.ts';
import { fileError, readSmallFile } from './file-bytes.ts';
import { modelDigest } from './model-digest.ts';
import type { OpenProgress } from './open.ts';
import { readSafetensorsHeader, splitByUse } from './safetensors.ts';
import { readSafetensorsIndex } from './safetensors-index.ts';
import type { TorchTensors } from './torch-file.ts';
import { torchWeights } from './torch-weights.ts';

// Configurations take a few kilobytes.
const MAX_CONFIG_BYTES = 10_000_000;

/**
 * Opens a folder as Hugging Face writes it: `config.json`, one `.safetensors` file or an index with its shards (or
 * `pytorch_model.bin`, where there is no such file), and a `tokenizer.json` or the files of GPT-2 where they are. Weights are used where they lie.
 *
 * @throws UserError when a file is missing or damaged.
 */
export async function openFolder(folder: string, onProgress?: (progress: OpenProgress) => void): Promise<Checkpoint> {
  const names = await list(folder);
  if (!names.includes('config.json')) throw new UserError(`${folder}: ${whatInstead(names)}`);
  const config = await readConfig(join(folder, 'config.json'));
  const { weights, others, files } = await weightsOf(folder, names);
  const whole = resolve(folder);
  return {
    name: basename(whole),
    source: whole,
    digest: await modelDigest(files, onProgress),
    config,
    tensors: weights,
    otherTensors: others,
    tokenizer: tokenizerOf(whole, names),
  };
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw fileError(folder, error);
  }
}

function whatInstead(names: readonly string[]): string {
  const gguf = names.find(name => name.endsWith('.gguf'));
  if (gguf !== undefined) return `there is no config.json; to open the GGUF file in it, name that: ${gguf}`;
  if (names.includes('dict.txt')) return 'there is a dict.txt, but no model.pt beside it';
  return 'there is no config.json; a folder as Hugging Face writes it is needed';
}

interface FolderWeights extends TorchTensors {
  readonly files: readonly string[];
}

async function weightsOf(folder: string, names: readonly string[]): Promise<FolderWeights> {
  const single = names.filter(name => name.endsWith('.safetensors'));
  const indices = names.filter(name => name.endsWith('.safetensors.index.json'));
  if (indices.includes('model.safetensors.index.json')) return indexed(join(folder, 'model.safetensors.index.json'));
  if (single.includes('model.safetensors')) return unsharded(join(folder, 'model.safetensors'));
  if (single.length === 1) return unsharded(join(folder, single[0]!));
  if (indices.length === 1) return indexed(join(folder, indices[0]!));
  if (single.length > 1) {
    throw new UserError(`${folder}: ${single.length} .safetensors files but no index says what is where`);
  }
  const torch = await torchWeights(folder, names);
  if (torch !== undefined) return torch;
  throw new UserError(
    `${folder}: there is no model.safetensors and no model.safetensors.index.json, nor pytorch_model.bin`,
  );
}

async function unsharded(file: string): Promise<FolderWeights> {
  return { ...splitByUse((await readSafetensorsHeader(file)).tensors.values()), files: [file] };
}

async function indexed(indexFile: string): Promise<FolderWeights> {
  const { tensors, files } = await readSafetensorsIndex(indexFile);
  return { ...splitByUse(tensors.values()), files };
}

function tokenizerOf(folder: string, names: readonly string[]): TokenizerSource | undefined {
  const beside = (name: string) => (names.includes(name) ? join(folder, name) : undefined);
  const configFile = beside('tokenizer_config.json');
  const json = beside('tokenizer.json');
  if (json !== undefined) return { kind: 'tokenizer.json', file: json, ...(configFile && { configFile }) };
  const [file, merges] = [beside('vocab.json'), beside('merges.txt')];
  if (file === undefined || merges === undefined) {
    const pieces = beside('tokenizer.model');
    return pieces === undefined ? undefined : { kind: 'sentencepiece', file: pieces };
  }
  const [specialFile, addedFile] = [beside('special_tokens_map.json'), beside('added_tokens.json')];
  return {
    kind: 'gpt2',
    file,
    merges,
    ...(configFile && { configFile }),
    ...(specialFile && { specialFile }),
    ...(addedFile && { addedFile }),
  };
}

async function readConfig(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = (await readSmallFile(file, MAX_CONFIG_BYTES)).toString('utf8');
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (cause) {
    throw new UserError(`${file}: not valid JSON (${(cause as Error).message}); fetch it again`, { cause });
  }
  if (config === null || typeof config !== 'object' || Array.isArray(config)) {
    throw new UserError(`${file}: not an object; fetch it again`);
  }
  return config as Record<string, unknown>;
}
