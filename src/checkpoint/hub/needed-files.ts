import { readWeightMap, shardsOf } from '../shard-index.ts';

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
] as const;

export interface NeededFiles {
  /** Those that are there, small ones first. */
  readonly files: readonly string[];
  /** Those without which the model cannot be opened. */
  readonly missing: readonly string[];
}

/**
 * Which of the files of a model are needed to open it: configuration, tokenizer, weights. Weights are looked for in the order
 * in which a folder is opened; `pytorch_model.bin` only counts where there is no safetensors file.
 *
 * @param placeOf where an index that is needed can be read
 */
export async function neededFiles(
  names: ReadonlySet<string>,
  placeOf: (index: string) => Promise<string> | string,
): Promise<NeededFiles> {
  const beside = BESIDE.filter(name => names.has(name));
  const missing = names.has('config.json') ? [] : ['config.json'];
  const weights = chooseWeights([...names]);
  if (weights === undefined) return { files: beside, missing: [...missing, 'model.safetensors'] };
  if (!weights.endsWith('.index.json')) return { files: [...beside, weights], missing };
  const shards = shardsOf(await readWeightMap(await placeOf(weights)));
  const [there, absent] = [shards.filter(name => names.has(name)), shards.filter(name => !names.has(name))];
  return { files: [...beside, weights, ...there], missing: [...missing, ...absent] };
}

/** The file with the weights, or the index that names several. */
function chooseWeights(names: readonly string[]): string | undefined {
  const ending = (end: string) => names.filter(name => name.endsWith(end));
  const [single, index] = [ending('.safetensors'), ending('.safetensors.index.json')];
  const candidates = [
    index.find(name => name === 'model.safetensors.index.json'),
    single.find(name => name === 'model.safetensors'),
    single.length === 1 ? single[0] : undefined,
    index.length === 1 ? index[0] : undefined,
    names.find(name => name === 'pytorch_model.bin.index.json'),
    names.find(name => name === 'pytorch_model.bin'),
  ];
  return candidates.find(name => name !== undefined);
}
