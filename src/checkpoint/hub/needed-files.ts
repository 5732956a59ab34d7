import { shardsOf } from '../formats/shard-index.ts';
import { readWeightMap } from '../sources/read-shards.ts';
import { weightFile } from '../weight-file.ts';

/** Small files next to the weights: configuration and the files of a tokenizer. */
const BESIDE = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'tokenizer.model',
  'dict.txt',
  // Refused when the folder is opened.
  'adapter_config.json',
] as const;

export interface NeededFiles {
  /** The available ones, small files first. */
  readonly files: readonly string[];
  /** Missing ones without which the model cannot be opened. */
  readonly missing: readonly string[];
}

/**
 * Which of the files of a model are needed to open it: configuration, tokenizer, weights. Weights
 * are chosen as when the folder is opened.
 *
 * @param placeOf makes a needed index available, and returns its path
 */
export async function neededFiles(
  names: ReadonlySet<string>,
  placeOf: (index: string) => Promise<string> | string,
): Promise<NeededFiles> {
  const beside = BESIDE.filter(name => names.has(name));
  const missing = names.has('config.json') ? [] : ['config.json'];
  const weights = weightFile([...names]);
  if (weights === undefined) return { files: beside, missing: [...missing, 'model.safetensors'] };
  if (!weights.endsWith('.index.json')) return { files: [...beside, weights], missing };
  const shards = shardsOf(await readWeightMap(await placeOf(weights)));
  const [there, absent] = [shards.filter(name => names.has(name)), shards.filter(name => !names.has(name))];
  return { files: [...beside, weights, ...there], missing: [...missing, ...absent] };
}
