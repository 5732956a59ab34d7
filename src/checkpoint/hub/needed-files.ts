import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../../error.ts';
import { fileError } from '../file-bytes.ts';
import { isJsonMap, parseStrictJson, type StrictJson } from '../strict-json.ts';

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

// As for the index of a folder; the largest models have some hundred shards.
const MAX_INDEX_BYTES = 100_000_000;
const MAX_SHARDS = 5000;

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
 * @param shardsOf the files that an index names
 */
export async function neededFiles(
  names: ReadonlySet<string>,
  shardsOf: (index: string) => Promise<readonly string[]>,
): Promise<NeededFiles> {
  const beside = BESIDE.filter(name => names.has(name));
  const missing = names.has('config.json') ? [] : ['config.json'];
  const weights = chooseWeights([...names]);
  if (weights === undefined) return { files: beside, missing: [...missing, 'model.safetensors'] };
  if (!weights.endsWith('.index.json')) return { files: [...beside, weights], missing };
  const shards = await shardsOf(weights);
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

/**
 * The shards that an index file names in its `weight_map`, sorted.
 *
 * @throws UserError when it is no index, or a name is not a plain one
 */
export async function shardNames(file: string): Promise<string[]> {
  const fail = (what: string): never => {
    throw new UserError(`${file}: not a valid index: ${what}; fetch it again`);
  };
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > MAX_INDEX_BYTES) fail(`${size} bytes, at most ${MAX_INDEX_BYTES} are allowed`);
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw fileError(file, error);
  }
  let root: StrictJson = null;
  try {
    root = parseStrictJson(text);
  } catch (error) {
    fail((error as Error).message);
  }
  const map = isJsonMap(root) ? root.get('weight_map') : undefined;
  if (!isJsonMap(map)) return fail('weight_map is missing or not an object');
  const names = new Set<string>();
  for (const name of map.values()) {
    if (typeof name !== 'string' || !/^\w[\w.-]{0,199}$/.test(name)) return fail('a shard is not a plain file name');
    names.add(name);
    if (names.size > MAX_SHARDS) fail(`more than ${MAX_SHARDS} shards`);
  }
  return [...names].sort();
}
