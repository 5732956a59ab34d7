import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../../error.ts';
import { fileDigest } from '../../files/digest.ts';
import { errorCode, fileError } from '../../files/file-bytes.ts';
import { denseViews } from '../cache/dense-views.ts';
import type { Checkpoint, TensorLocation } from '../checkpoint.ts';
import { fairseqConfig } from '../formats/fairseq-config.ts';
import { attributesOf, isKind, type PickleValue } from '../formats/torch/pickle-values.ts';
import { stateTensors } from '../formats/torch/state-tensors.ts';
import type { OpenProgress } from '../open-options.ts';
import { areEqual } from '../tensor-values.ts';
import { withFileSource } from './file-source.ts';
import { readTorchFile } from './read-torch.ts';

const EMBEDDING = 'decoder.embed_tokens.weight';
const OUTPUT = 'decoder.output_projection.weight';
// The version of the decoder's layout, and a number that fairseq uses only to find the device.
const WITHOUT_MEANING = ['decoder.version', 'decoder.embed_positions._float_tensor'];

/**
 * Opens a dense language model as fairseq saves it: `model.pt`, and `dict.txt` next to it if
 * present. The configuration has `model_type` `fairseq_gpt` and the sizes under Hugging Face's
 * names for the same architecture (XGLM); tensors have fairseq's names. An output projection that
 * equals the embedding is left out.
 *
 * @param options.heads attention heads, for a file that does not contain them and has no published
 * size
 * @throws UserError when the file is damaged, holds another kind of model, or its sizes contradict
 * each other
 */
export async function openFairseq(
  file: string,
  options: { readonly heads?: number | undefined; readonly onProgress?: (progress: OpenProgress) => void } = {},
): Promise<Checkpoint> {
  const { heads, onProgress } = options;
  const whole = resolve(file);
  const { file: path, value } = await readTorchFile(file);
  const state = value instanceof Map ? value.get('model') : undefined;
  if (!(value instanceof Map) || !(state instanceof Map) || !state.has(EMBEDDING)) {
    throw new UserError(
      `${file}: not a language model of fairseq (it has no ${EMBEDDING}); give the model.pt that fairseq wrote`,
    );
  }
  const { weights: inPlace, views, others } = stateTensors(path, state);
  const digestFile = () =>
    fileDigest(file, (done, total) => onProgress?.({ stage: 'checking the model file', done, total }));
  const weights = new Map(inPlace);
  if (views.size > 0) for (const [name, dense] of await denseViews(await digestFile(), views)) weights.set(name, dense);
  const settings = savedSettings(value);
  const tied = await isTied(weights, settings.get('share_decoder_input_output_embed'));
  const tensors = new Map(
    [...weights].filter(([name]) => !WITHOUT_MEANING.includes(name) && !(tied && name === OUTPUT)),
  );
  const otherTensors = new Map([...others].filter(([name]) => !WITHOUT_MEANING.includes(name)));
  const config = fairseqConfig({ file, tensors, otherTensors, settings, tied, heads });
  const digest = await digestFile();
  const folder = dirname(whole);
  const dictionary = join(folder, 'dict.txt');
  return {
    name: basename(whole) === 'model.pt' ? basename(folder) : basename(whole, '.pt'),
    source: whole,
    digest,
    config,
    tensors,
    otherTensors,
    tokenizer: (await exists(dictionary)) ? { kind: 'fairseq', dictionary } : undefined,
    withSource: withFileSource,
  };
}

/**
 * The training settings of the model: `cfg.model` of newer files, else `args` of older ones. Empty
 * if neither can be read.
 */
function savedSettings(saved: ReadonlyMap<PickleValue, PickleValue>): ReadonlyMap<PickleValue, PickleValue> {
  const model = entriesOf(entriesOf(saved.get('cfg'))?.get('model'));
  return new Map([...(entriesOf(saved.get('args')) ?? []), ...(model ?? [])]);
}

/**
 * The entries of a dictionary or namespace; an OmegaConf configuration wraps each value in a node.
 */
function entriesOf(value: PickleValue | undefined): ReadonlyMap<PickleValue, PickleValue> | undefined {
  const attributes = attributesOf(value);
  if (!isKind(value, 'object') || !value.of.startsWith('omegaconf.')) return attributes;
  const nodes = attributesOf(attributes?.get('_content')) ?? new Map<PickleValue, PickleValue>();
  return new Map([...nodes].map(([name, node]) => [name, valueOfNode(node)]));
}

function valueOfNode(node: PickleValue): PickleValue {
  const inner = attributesOf(node)?.get('_val');
  return inner === undefined ? node : inner;
}

/** Whether the output projection is the embedding: it is missing, shared, or a copy. */
async function isTied(weights: ReadonlyMap<string, TensorLocation>, shared: PickleValue | undefined): Promise<boolean> {
  const [embedding, output] = [weights.get(EMBEDDING), weights.get(OUTPUT)];
  if (embedding === undefined || output === undefined) return true;
  if (String(output.shape) !== String(embedding.shape)) return false;
  return shared === true || (await areEqual(embedding, output, withFileSource));
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw fileError(file, error);
  }
}
