import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../error.ts';
import { errorCode, fileError } from './file-bytes.ts';
import { readSafetensorsHeader, type SafetensorsEntry } from './safetensors.ts';
import { isJsonMap, parseStrictJson, type StrictJson } from './strict-json.ts';

// Large models name about a hundred thousand tensors in 10 MB; the cap keeps a wrong file from being parsed in memory.
const MAX_INDEX_BYTES = 100_000_000;

export interface ShardedTensors {
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  /** The shards' paths, sorted by name. */
  readonly files: readonly string[];
}

/**
 * Reads where the tensors of a model in several files lie: `weight_map` of a `*.safetensors.index.json`, and the header
 * of every shard that it names. Index and shards must agree.
 *
 * @throws UserError when a file breaks the format, a shard is missing, its name leaves the folder, or a tensor is absent
 * or stands twice.
 */
export async function readSafetensorsIndex(indexFile: string): Promise<ShardedTensors> {
  const fail = (what: string): never => {
    throw new UserError(`${indexFile}: not a valid safetensors index: ${what}; fetch it again`);
  };
  const listed = await readWeightMap(indexFile, fail);
  const tensors = new Map<string, SafetensorsEntry>();
  const shards = [...new Set(listed.values())].sort();
  const files = shards.map(shard => join(dirname(indexFile), shard));
  for (const [i, shard] of shards.entries()) {
    const file = files[i]!;
    await requireShard(file, indexFile);
    for (const entry of (await readSafetensorsHeader(file)).tensors.values()) {
      const owner = listed.get(entry.name);
      if (owner === undefined) fail(`${shard} holds tensor ${JSON.stringify(entry.name)}, which it does not list`);
      if (owner !== shard)
        fail(`tensor ${JSON.stringify(entry.name)} is listed in ${owner} but stands in ${shard} too`);
      tensors.set(entry.name, entry);
    }
  }
  for (const [name, shard] of listed) {
    if (!tensors.has(name)) fail(`tensor ${JSON.stringify(name)} is listed in ${shard} but is not there`);
  }
  return { tensors, files };
}

async function readWeightMap(file: string, fail: (what: string) => never): Promise<ReadonlyMap<string, string>> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(file);
    if (size > MAX_INDEX_BYTES) fail(`${size} bytes, at most ${MAX_INDEX_BYTES} are allowed`);
    bytes = await readFile(file);
  } catch (error) {
    throw fileError(file, error);
  }
  let root: StrictJson = null;
  try {
    root = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    fail(error instanceof SyntaxError ? error.message : 'not valid UTF-8');
  }
  const map = isJsonMap(root) ? root.get('weight_map') : undefined;
  if (!isJsonMap(map)) return fail('weight_map is missing or not an object');
  if (map.size === 0) fail('weight_map is empty');
  const listed = new Map<string, string>();
  for (const [name, shard] of map) {
    if (typeof shard !== 'string' || !isPlainName(shard)) {
      return fail(`the file of tensor ${JSON.stringify(name)} is not a plain file name in the same folder`);
    }
    if (!shard.endsWith('.safetensors')) return fail(`${JSON.stringify(shard)} is not a .safetensors file`);
    listed.set(name, shard);
  }
  return listed;
}

// Hugging Face writes shards beside the index; a separator, a drive or a dot name could lead out of the folder.
function isPlainName(name: string): boolean {
  return name !== '' && !/[/\\:\0]/.test(name) && !name.startsWith('..');
}

async function requireShard(file: string, indexFile: string): Promise<void> {
  try {
    await stat(file);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw fileError(file, error);
    throw new UserError(`${file}: this shard is missing, though ${indexFile} names it; fetch the model again`);
  }
}
