import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../error.ts';
import type { Checkpoint, TokenizerSource } from './checkpoint.ts';
import { fileDigest } from './digest.ts';
import { fileError } from './file-bytes.ts';
import type { OpenProgress } from './open.ts';
import { readSafetensorsHeader, type SafetensorsEntry, splitByUse } from './safetensors.ts';
import { readSafetensorsIndex } from './safetensors-index.ts';

// Configurations take a few kilobytes.
const MAX_CONFIG_BYTES = 10_000_000;

/**
 * Opens a folder as Hugging Face writes it: `config.json`, one `.safetensors` file or an index with its shards, and a
 * `tokenizer.json` where there is one. Weights are used where they lie.
 *
 * @throws UserError when a file is missing or damaged.
 */
export async function openFolder(folder: string, onProgress?: (progress: OpenProgress) => void): Promise<Checkpoint> {
  const names = await list(folder);
  if (!names.includes('config.json')) throw new UserError(`${folder}: ${whatInstead(names)}`);
  const config = await readConfig(join(folder, 'config.json'));
  const { tensors, files } = await weightsOf(folder, names);
  const { weights, others } = splitByUse(tensors.values());
  const digests: string[] = [];
  for (const [i, file] of files.entries()) {
    const stage = files.length === 1 ? 'checking the model file' : `checking model file ${i + 1} of ${files.length}`;
    digests.push(await fileDigest(file, (done, total) => onProgress?.({ stage, done, total })));
  }
  const whole = resolve(folder);
  return {
    name: basename(whole),
    source: whole,
    digest: digests.length === 1 ? digests[0]! : createHash('sha256').update(digests.join('\n')).digest('hex'),
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
  if (names.includes('model.pt') || names.includes('dict.txt')) return 'fairseq checkpoints are not supported yet';
  return 'there is no config.json; a folder as Hugging Face writes it is needed';
}

async function weightsOf(
  folder: string,
  names: readonly string[],
): Promise<{ tensors: ReadonlyMap<string, SafetensorsEntry>; files: readonly string[] }> {
  const single = names.filter(name => name.endsWith('.safetensors'));
  if (names.includes('model.safetensors.index.json')) {
    return readSafetensorsIndex(join(folder, 'model.safetensors.index.json'));
  }
  const name = single.includes('model.safetensors')
    ? 'model.safetensors'
    : single.length === 1
      ? single[0]!
      : undefined;
  if (name !== undefined) {
    const file = join(folder, name);
    return { tensors: (await readSafetensorsHeader(file)).tensors, files: [file] };
  }
  const [index, ...more] = names.filter(each => each.endsWith('.safetensors.index.json'));
  if (index !== undefined && more.length === 0) return readSafetensorsIndex(join(folder, index));
  if (single.length > 1)
    throw new UserError(`${folder}: ${single.length} .safetensors files but no index says what is where`);
  const torch = names.some(each => each.startsWith('pytorch_model')) ? '; pytorch_model files are not read' : '';
  throw new UserError(`${folder}: there is no model.safetensors and no model.safetensors.index.json${torch}`);
}

function tokenizerOf(folder: string, names: readonly string[]): TokenizerSource | undefined {
  if (!names.includes('tokenizer.json')) return undefined;
  return {
    kind: 'tokenizer.json',
    file: join(folder, 'tokenizer.json'),
    ...(names.includes('tokenizer_config.json') && { configFile: join(folder, 'tokenizer_config.json') }),
  };
}

async function readConfig(file: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > MAX_CONFIG_BYTES) throw new UserError(`${file}: ${size} bytes are too many for a configuration`);
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw fileError(file, error);
  }
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
