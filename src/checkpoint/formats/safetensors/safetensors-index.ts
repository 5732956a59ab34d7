import { readShardIndex, type Sharded } from '../shard-index.ts';
import { readSafetensorsHeader, type SafetensorsEntry } from './header.ts';

/**
 * Reads where the tensors of a model in several safetensors files lie: a `*.safetensors.index.json` and the header of every
 * shard that it names.
 *
 * @throws UserError as `readShardIndex`, and when a shard breaks the format.
 */
export async function readSafetensorsIndex(indexFile: string): Promise<Sharded<SafetensorsEntry>> {
  return readShardIndex(indexFile, async shard => (await readSafetensorsHeader(shard)).tensors);
}
