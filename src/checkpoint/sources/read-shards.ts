import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../error.ts';
import { errorCode, fileError, readSmallFile } from '../../files/file-bytes.ts';
import type { SafetensorsEntry } from '../formats/safetensors/header.ts';
import { parseWeightMap, refusal, shardsOf } from '../formats/shard-index.ts';
import { readSafetensorsHeader } from './read-safetensors.ts';

// Large models name about a hundred thousand tensors in 10 MB; the cap keeps a wrong file from
// being parsed in memory.
const MAX_INDEX_BYTES = 100_000_000;

export interface Sharded<T> {
  readonly tensors: ReadonlyMap<string, T>;
  /** The shards' paths, sorted by name. */
  readonly files: readonly string[];
}

/**
 * Reads where the tensors of a model in several files lie. As in torch, the index gives the files
 * and the files give the tensors: an index may omit a head that equals the embedding, or list one
 * that was not saved.
 *
 * @param read the tensors of one shard by name
 * @throws UserError as `readWeightMap`, and when a shard is missing, or two of them hold the same
 * tensor
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
      if (before !== undefined) fail(`tensor ${JSON.stringify(name)} is in both ${before} and ${shard}`);
      owners.set(name, shard);
      tensors.set(name, entry);
    }
  }
  return { tensors, files };
}

/**
 * The shard of every tensor that an index file lists.
 *
 * @throws UserError as `parseWeightMap`, and when it cannot be read
 */
export async function readWeightMap(indexFile: string): Promise<ReadonlyMap<string, string>> {
  return parseWeightMap(indexFile, await readSmallFile(indexFile, MAX_INDEX_BYTES));
}

/**
 * As `readShardIndex`, of safetensors files: reads the header of every shard.
 *
 * @throws UserError also when a shard breaks the format
 */
export function readSafetensorsIndex(indexFile: string): Promise<Sharded<SafetensorsEntry>> {
  return readShardIndex(indexFile, async shard => (await readSafetensorsHeader(shard)).tensors);
}

async function requireShard(file: string, indexFile: string): Promise<void> {
  try {
    await stat(file);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw fileError(file, error);
    throw new UserError(`${file}: this shard is missing, though ${indexFile} names it; fetch the model again`);
  }
}
