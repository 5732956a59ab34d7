import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../../error.ts';
import { decodeText } from '../../files/decode-text.ts';
import { fileError, readSmallFile } from '../../files/file-bytes.ts';
import { denseViews } from '../cache/dense-views.ts';
import type { Checkpoint, TokenizerSource } from '../checkpoint.ts';
import { parsePythonJson } from '../formats/python-json.ts';
import { splitByUse } from '../formats/safetensors/header.ts';
import type { TorchTensors } from '../formats/torch/state-tensors.ts';
import { modelDigest } from '../model-digest.ts';
import type { OpenProgress } from '../open-options.ts';
import { isAdapter, weightFile } from '../weight-file.ts';
import { withFileSource } from './file-source.ts';
import { readSafetensorsHeader } from './read-safetensors.ts';
import { readSafetensorsIndex } from './read-shards.ts';
import { readState, readStateIndex } from './read-torch.ts';

// Configurations take a few kilobytes.
const MAX_CONFIG_BYTES = 10_000_000;

/**
 * Opens a folder as Hugging Face writes it: `config.json`, one `.safetensors` file or an index with
 * its shards (or `pytorch_model.bin` without them), and a `tokenizer.json` or the files of GPT-2 if
 * present. Weights are used where they lie, without a copy.
 *
 * @throws UserError when a file is missing or damaged.
 */
export async function openFolder(folder: string, onProgress?: (progress: OpenProgress) => void): Promise<Checkpoint> {
  const names = await list(folder);
  refuseAdapter(folder, names);
  if (!names.includes('config.json')) throw new UserError(`${folder}: ${whatInstead(names)}`);
  const config = await readConfig(join(folder, 'config.json'));
  const { weights, views, others, files } = await weightsOf(folder, names);
  const digest = await modelDigest(files, onProgress);
  const whole = resolve(folder);
  const inOrder = await denseViews(digest, views, (done, total) =>
    onProgress?.({ stage: 'putting weights in order', done, total }),
  );
  return {
    name: basename(whole),
    source: whole,
    digest,
    config,
    tensors: new Map([...weights, ...inOrder]),
    otherTensors: others,
    tokenizer: tokenizerOf(whole, names),
    withSource: withFileSource,
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
  if (names.includes('dict.txt')) return 'there is a dict.txt, but no model.pt next to it';
  return 'there is no config.json; a folder as Hugging Face writes it is needed';
}

interface FolderWeights extends TorchTensors {
  readonly files: readonly string[];
}

async function weightsOf(folder: string, names: readonly string[]): Promise<FolderWeights> {
  const name = weightFile(names);
  if (name === undefined) {
    const several = names.filter(each => each.endsWith('.safetensors')).length;
    throw new UserError(
      several > 1
        ? `${folder}: ${several} .safetensors files but no index says what is where`
        : `${folder}: there is no model.safetensors and no model.safetensors.index.json, nor pytorch_model.bin`,
    );
  }
  const file = join(folder, name);
  if (name.endsWith('.bin')) return { ...(await readState(file)), files: [file] };
  if (name.endsWith('.bin.index.json')) return readStateIndex(file);
  const { tensors, files } = name.endsWith('.index.json')
    ? await readSafetensorsIndex(file)
    : { ...(await readSafetensorsHeader(file)), files: [file] };
  return { ...splitByUse(tensors.values()), views: new Map(), files };
}

/**
 * An adapter changes the weights of a model. transformers applies it if peft is installed, and
 * ignores it otherwise.
 */
function refuseAdapter(folder: string, names: readonly string[]): void {
  const adapter = names.find(isAdapter);
  if (adapter === undefined) return;
  const whole = weightFile(names);
  throw new UserError(
    whole === undefined
      ? `${join(folder, adapter)}: an adapter, not a whole model; merge it into its base model (peft: merge_and_unload, then save_pretrained) and give that folder`
      : `${join(folder, adapter)}: an adapter next to ${whole}, which is not applied; merge it (peft: merge_and_unload), or move it to another folder to use ${whole} alone`,
  );
}

function tokenizerOf(folder: string, names: readonly string[]): TokenizerSource | undefined {
  const beside = (name: string) => (names.includes(name) ? join(folder, name) : undefined);
  const configFile = beside('tokenizer_config.json');
  const json = beside('tokenizer.json');
  if (json !== undefined) return { kind: 'tokenizer.json', file: json, ...(configFile && { configFile }) };
  const [file, merges] = [beside('vocab.json'), beside('merges.txt')];
  if (file === undefined || merges === undefined) {
    const pieces = beside('tokenizer.model');
    return pieces === undefined ? undefined : { kind: 'sentencepiece', file: pieces };
  }
  const [specialFile, addedFile] = [beside('special_tokens_map.json'), beside('added_tokens.json')];
  return {
    kind: 'gpt2',
    file,
    merges,
    ...(configFile && { configFile }),
    ...(specialFile && { specialFile }),
    ...(addedFile && { addedFile }),
  };
}

async function readConfig(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = decodeText(file, await readSmallFile(file, MAX_CONFIG_BYTES));
  let config: unknown;
  try {
    config = parsePythonJson(text);
  } catch (cause) {
    throw new UserError(`${file}: not valid JSON (${(cause as Error).message}); fetch it again`, { cause });
  }
  if (config === null || typeof config !== 'object' || Array.isArray(config)) {
    throw new UserError(`${file}: not an object; fetch it again`);
  }
  return config as Record<string, unknown>;
}
