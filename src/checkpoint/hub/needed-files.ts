import { shardsOf } from '../formats/shard-index.ts';
import { readWeightMap } from '../sources/read-shards.ts';
import { weightFile } from '../weight-file.ts';

/** Small files beside the weights: configuration and all that a tokenizer can be made from. */
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
  /** Those that are there, small ones first. */
  readonly files: readonly string[];
  /** Those without which the model cannot be opened. */
  readonly missing: readonly string[];
}

/**
 * Which of the files of a model are needed to open it: configuration, tokenizer, weights. Weights are those
 * that are taken when the folder is opened.
 *
 * @param placeOf where an index that is needed can be read
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
