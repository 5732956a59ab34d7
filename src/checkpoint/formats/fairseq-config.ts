import { UserError } from '../../error.ts';
import type { TensorLocation } from '../checkpoint.ts';
import { describePickle, isKind, type PickleValue } from './torch/pickle-values.ts';

interface FairseqFile {
  readonly file: string;
  /** Those that are weights. */
  readonly tensors: ReadonlyMap<string, TensorLocation>;
  /** Other named values of the state. */
  readonly otherTensors: ReadonlyMap<string, string>;
  /** Training settings in the file. */
  readonly settings: ReadonlyMap<PickleValue, PickleValue>;
  /** The output projection is the embedding. */
  readonly tied: boolean;
  /** As the user gives it. */
  readonly heads?: number | undefined;
}

/**
 * Attention heads of the published dense models (Artetxe et al. 2021), by layers and hidden size:
 * 125M, 355M, 1.3B, 2.7B, 6.7B, 13B.
 */
const PUBLISHED_HEADS: ReadonlyMap<string, number> = new Map([
  ['12x768', 12],
  ['24x1024', 16],
  ['24x2048', 32],
  ['32x2560', 32],
  ['32x4096', 32],
  ['40x5120', 40],
]);

const PUBLISHED_CONTEXT = 2048;

/** fairseq's names of activations to Hugging Face's. */
const ACTIVATIONS: ReadonlyMap<string, string> = new Map([
  ['gelu', 'gelu'],
  ['relu', 'relu'],
  ['gelu_accurate', 'gelu_new'],
  ['gelu_fast', 'gelu_new'],
]);

const LAYER_TENSOR =
  /^decoder\.layers\.(0|[1-9]\d{0,3})\.(?:self_attn\.(?:[qkv]|out)_proj|self_attn_layer_norm|fc1|fc2|final_layer_norm)\.(?:weight|bias)$/;
const OTHER_TENSOR = /^decoder\.(?:embed_tokens\.weight|layer_norm\.(?:weight|bias)|output_projection\.weight)$/;

/**
 * The sizes of a fairseq language model, under Hugging Face's names for the same architecture: from
 * the shapes of its tensors, and heads, context and activation from its training settings.
 *
 * @throws UserError when it is another architecture, its sizes contradict each other, or the heads
 * are unknown.
 */
export function fairseqConfig(of: FairseqFile): Readonly<Record<string, unknown>> {
  const { file, tensors, tied } = of;
  const fail = (what: string): never => {
    throw new UserError(`${file}: ${what}`);
  };
  const setting = settingReader(of.settings, fail);
  const layers = countLayers(of, fail);
  const [vocabulary, hiddenSize] = matrix('decoder.embed_tokens.weight', tensors, fail);
  const [inner] = matrix('decoder.layers.0.fc1.weight', tensors, fail);
  refuseVariants(tensors, setting, fail);
  for (const [name, size] of [
    ['decoder_layers', layers],
    ['decoder_embed_dim', hiddenSize],
    ['decoder_ffn_embed_dim', inner],
  ] as const) {
    const said = setting.size(name);
    if (said !== undefined && said !== size) fail(`its settings say ${name} ${said}, its tensors ${size}`);
  }
  const activation = setting.text('activation_fn') ?? 'gelu';
  const known = ACTIVATIONS.get(activation);
  if (known === undefined) {
    const supported = [...ACTIVATIONS.keys()].join(', ');
    fail(`activation ${JSON.stringify(activation)} is not supported; supported are ${supported}`);
  }
  return {
    model_type: 'fairseq_gpt',
    vocab_size: vocabulary,
    d_model: hiddenSize,
    ffn_dim: inner,
    num_layers: layers,
    attention_heads: headsOf(of, setting.size('decoder_attention_heads'), layers, hiddenSize),
    max_position_embeddings:
      setting.size('max_target_positions') ?? setting.size('tokens_per_sample') ?? PUBLISHED_CONTEXT,
    activation_function: known,
    scale_embedding: !(setting.flag('no_scale_embedding') ?? false),
    tie_word_embeddings: tied,
    bos_token_id: 0,
    pad_token_id: 1,
    eos_token_id: 2,
  };
}

type Fail = (what: string) => never;

interface Settings {
  readonly size: (name: string) => number | undefined;
  readonly flag: (name: string) => boolean | undefined;
  readonly text: (name: string) => string | undefined;
}

function settingReader(settings: ReadonlyMap<PickleValue, PickleValue>, fail: Fail): Settings {
  const read = <T extends PickleValue>(name: string, what: string, is: (value: PickleValue) => value is T) => {
    const value = plainSetting(settings.get(name));
    if (value === undefined || is(value)) return value as T | undefined;
    return fail(`its setting ${name} is ${describePickle(value)}, not ${what}`);
  };
  return {
    size: name => read(name, 'a positive integer', isSize),
    flag: name => read(name, 'True or False', value => typeof value === 'boolean'),
    text: name => read(name, 'a text', value => typeof value === 'string'),
  };
}

/**
 * Undefined for None and references (`${task.tokens_per_sample}`); the text of a member of an
 * enumeration.
 */
function plainSetting(value: PickleValue | undefined): PickleValue | undefined {
  if (value === null || (typeof value === 'string' && value.startsWith('${'))) return undefined;
  const [only, more] = isKind(value, 'object') && isKind(value.args, 'tuple') ? value.args.items : [];
  return typeof only === 'string' && more === undefined ? only : value;
}

function isSize(value: PickleValue): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

/** Layers are numbered from 0 without gaps; an unknown tensor means another architecture. */
function countLayers({ tensors, otherTensors }: FairseqFile, fail: Fail): number {
  const found = new Set<number>();
  for (const name of [...tensors.keys(), ...otherTensors.keys()]) {
    const layer = LAYER_TENSOR.exec(name)?.[1];
    if (layer !== undefined) found.add(Number(layer));
    else if (!OTHER_TENSOR.test(name)) {
      fail(`tensor ${JSON.stringify(name)} belongs to no dense fairseq language model; other kinds are not supported`);
    }
  }
  if (found.size === 0) fail('it has no layers');
  for (let layer = 0; layer < found.size; layer++) if (!found.has(layer)) fail(`layer ${layer} is missing`);
  return found.size;
}

function matrix(name: string, tensors: FairseqFile['tensors'], fail: Fail): readonly [number, number] {
  const shape = tensors.get(name)?.shape;
  if (shape === undefined) return fail(`tensor ${name} is missing or no weight`);
  const [rows, columns] = shape;
  if (shape.length !== 2 || !rows || !columns) return fail(`tensor ${name} has shape [${shape.join(', ')}]`);
  return [rows, columns];
}

/** Variants of the decoder with the same or similar tensors. */
function refuseVariants(tensors: FairseqFile['tensors'], setting: Settings, fail: Fail): void {
  if (setting.flag('decoder_normalize_before') === false || !tensors.has('decoder.layer_norm.weight')) {
    fail('a model that normalises after each block (decoder_normalize_before is off), which is not supported');
  }
  for (const name of ['decoder_learned_pos', 'no_token_positional_embeddings', 'adaptive_input']) {
    if (setting.flag(name)) fail(`its setting ${name} is on, which is not supported`);
  }
}

function headsOf({ file, heads }: FairseqFile, saved: number | undefined, layers: number, hiddenSize: number): number {
  if (heads !== undefined && (!isSize(heads) || hiddenSize % heads !== 0)) {
    throw new UserError(`must divide the hiddenSize ${hiddenSize} of ${file}`, { option: 'heads', value: heads });
  }
  if (heads !== undefined && saved !== undefined && heads !== saved) {
    throw new UserError(`${file} itself says ${saved}`, {
      option: 'heads',
      value: heads,
      remedy: 'leave the option out',
    });
  }
  const found = heads ?? saved ?? PUBLISHED_HEADS.get(`${layers}x${hiddenSize}`);
  if (found === undefined) {
    throw new UserError(
      `${file}: does not say how many attention heads it has, and ${layers} layers of hidden size ${hiddenSize} are no published size`,
      { remedy: 'give `heads`' },
    );
  }
  if (hiddenSize % found !== 0)
    throw new UserError(`${file}: ${found} heads do not divide the hiddenSize ${hiddenSize}`);
  return found;
}
