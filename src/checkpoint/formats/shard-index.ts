import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { UserError } from '../../error.ts';
import { errorCode, fileError, readSmallFile } from '../../files/file-bytes.ts';
import { isJsonMap, parseStrictJson, type StrictJson } from '../../files/strict-json.ts';

// Large models name about a hundred thousand tensors in 10 MB; the cap keeps a wrong file from being parsed in memory.
const MAX_INDEX_BYTES = 100_000_000;

export interface Sharded<T> {
  readonly tensors: ReadonlyMap<string, T>;
  /** The shards' paths, sorted by name. */
  readonly files: readonly string[];
}

/**
 * Reads where the tensors of a model in several files lie: all that stands in the shards that the `weight_map` of an index names. As
 * torch does, it takes from the index which files there are, and from the files which tensors: an index may leave out a head that
 * equals the embedding, or list one that was not saved.
 *
 * @param read the tensors of one shard by name
 * @throws UserError as `readWeightMap`, and when a shard is missing, or a tensor stands in two of them
 */
export async function readShardIndex<T>(
  indexFile: string,
  read: (shard: string) => Promise<ReadonlyMap<string, T>>,
): Promise<Sharded<T>> {
  const shards = shardsOf(await readWeightMap(indexFile));
  const fail: (what: string) => never = refusal(indexFile);
  const tensors = new Map<string, T>();
  const owners = new Map<string, string>();
  const files = shards.map(shard => join(dirname(indexFile), shard));
  for (const [i, shard] of shards.entries()) {
    const file = files[i]!;
    await requireShard(file, indexFile);
    for (const [name, entry] of await read(file)) {
      const before = owners.get(name);
      if (before !== undefined) fail(`tensor ${JSON.stringify(name)} stands in ${before} and in ${shard}`);
      owners.set(name, shard);
      tensors.set(name, entry);
    }
  }
  return { tensors, files };
}

/**
 * The shard of every tensor, as `X.safetensors.index.json` or `X.bin.index.json` lists it. Shards have the extension that the name of the
 * index has.
 *
 * @throws UserError when the index breaks the format, or the name of a shard leaves the folder or has another extension
 */
export async function readWeightMap(file: string): Promise<ReadonlyMap<string, string>> {
  const fail: (what: string) => never = refusal(file);
  const extension = extname(basename(file, '.index.json'));
  const bytes = await readSmallFile(file, MAX_INDEX_BYTES);
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
    if (!shard.endsWith(extension)) return fail(`${JSON.stringify(shard)} is not a ${extension} file`);
    listed.set(name, shard);
  }
  return listed;
}

/** The shards that an index names, sorted. */
export function shardsOf(weightMap: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set(weightMap.values())].sort();
}

function refusal(indexFile: string) {
  return (what: string): never => {
    throw new UserError(`${indexFile}: not a valid index: ${what}; fetch it again`);
  };
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
