import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensorsIndex } from '../../../src/checkpoint/sources/read-shards.ts';
import { format } from '../format.ts';
import { mutateJson } from '../mutate-json.ts';
import { strictJson } from '../strict-json.ts';

const SHARDS = { 'model-1-of-2.safetensors': ['a', 'b'], 'model-2-of-2.safetensors': ['c'] };
const INDEX = {
  metadata: { total_size: 24 },
  weight_map: Object.fromEntries(Object.entries(SHARDS).flatMap(([file, names]) => names.map(name => [name, file]))),
};

function shard(names: readonly string[]): Buffer {
  const entries = names.map((name, i) => [name, { dtype: 'F32', shape: [2], data_offsets: [8 * i, 8 * i + 8] }]);
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([prefix, json, Buffer.alloc(8 * names.length)]);
}

export const shardIndex = format({
  name: 'model.safetensors.index.json',
  mutant: random => mutateJson(INDEX, random),
  read: (bytes, folder) => {
    for (const [file, names] of Object.entries(SHARDS)) writeFileSync(join(folder, file), shard(names));
    const file = join(folder, 'model.safetensors.index.json');
    writeFileSync(file, bytes);
    return readSafetensorsIndex(file);
  },
  strict: (bytes, { tensors }) => {
    const { weight_map: map } = strictJson(bytes) as typeof INDEX;
    const named = new Set(Object.values(map) as (keyof typeof SHARDS)[]);
    const held = [...named].flatMap(file => SHARDS[file] ?? []).sort();
    if ([...tensors.keys()].sort().join() !== held.join()) throw new Error('other tensors than the shards hold');
  },
});
