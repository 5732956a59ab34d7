import type { Gguf, GgufTensor } from '../parse-gguf.ts';
import type { WeightPlanner } from '../plan.ts';
import type { GgufSettings } from '../settings.ts';

export interface GgufFile {
  readonly gguf: Gguf;
  readonly settings: GgufSettings;
  /** All values of a small tensor. */
  readonly readTensor: (tensor: GgufTensor) => Promise<Float32Array>;
}

/** The configuration of a file as Hugging Face writes it, and where its weights come from. */
export interface Described {
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: (plan: WeightPlanner) => void;
}

/**
 * Reads the settings of one architecture.
 *
 * @throws UserError naming the setting that is missing or cannot be represented
 */
export type Architecture = (file: GgufFile) => Described | Promise<Described>;

/** Sizes that every architecture has. */
export interface Sizes {
  readonly hiddenSize: number;
  readonly inner: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly vocabulary: number;
  readonly context: number;
  /** Whether the head is the token embedding. */
  readonly tied: boolean;
}

export function readSizes({ gguf, settings }: GgufFile): Sizes {
  const hiddenSize = settings.size('{arch}.embedding_length');
  const inner = settings.size('{arch}.feed_forward_length');
  const layers = settings.size('{arch}.block_count');
  const heads = settings.size('{arch}.attention.head_count');
  const keyValueHeads = settings.number('{arch}.attention.head_count_kv') ?? heads;
  const headDim = settings.number('{arch}.attention.key_length') ?? hiddenSize / heads;
  const context = settings.size('{arch}.context_length');
  if (!Number.isInteger(keyValueHeads) || keyValueHeads <= 0 || heads % keyValueHeads !== 0) {
    settings.fail(`${heads} heads cannot share ${keyValueHeads} key/value heads`);
  }
  if (!Number.isInteger(headDim) || headDim <= 0) {
    settings.fail(`a head of hiddenSize ${headDim} is not possible; a positive integer is needed`);
  }
  const valueSize = settings.number('{arch}.attention.value_length') ?? headDim;
  if (valueSize !== headDim) {
    settings.fail(`heads have keys of ${headDim} and values of ${valueSize}, which is not supported`);
  }
  // A block has several tensors; this bounds the loop over a wrong count.
  if (layers > gguf.tensors.size) {
    settings.fail(`${layers} blocks are announced, the file has ${gguf.tensors.size} tensors`);
  }
  const embedding = gguf.tensors.get('token_embd.weight') ?? settings.fail('there is no tensor token_embd.weight');
  const tied = !gguf.tensors.has('output.weight');
  return { hiddenSize, inner, layers, heads, keyValueHeads, headDim, vocabulary: embedding.shape[0]!, context, tied };
}

/** Sizes under the names that most families have for them. */
export function sizeKeys({ hiddenSize, inner, layers, heads, vocabulary, context, tied }: Sizes) {
  return {
    hidden_size: hiddenSize,
    intermediate_size: inner,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    max_position_embeddings: context,
    vocab_size: vocabulary,
    tie_word_embeddings: tied,
  };
}

/** How many numbers of a head are rotated: an even number up to all of them. */
export function rotaryDim({ settings }: GgufFile, { headDim }: Sizes): number {
  const rotated = settings.number('{arch}.rope.dimension_count') ?? headDim;
  if (!Number.isInteger(rotated) || rotated <= 0 || rotated % 2 !== 0 || rotated > headDim) {
    settings.fail(`${rotated} of ${headDim} values of a head cannot be rotated; an even number of them is needed`);
  }
  return rotated;
}

/** The same for the architectures that rotate whole heads. */
export function wholeHeads(file: GgufFile, sizes: Sizes): void {
  const rotated = rotaryDim(file, sizes);
  if (rotated !== sizes.headDim) {
    file.settings.fail(`only ${rotated} of ${sizes.headDim} values of a head are rotated, which is not supported`);
  }
}

/**
 * For architectures in which every head has its own keys and values, and heads times head size is
 * the hidden size.
 */
export function equalHeads({ settings }: GgufFile, { heads, keyValueHeads, headDim, hiddenSize }: Sizes): void {
  if (keyValueHeads !== heads || headDim * heads !== hiddenSize) {
    settings.fail(
      `${heads} heads of ${headDim} with ${keyValueHeads} key/value heads in a model of hiddenSize ${hiddenSize} are not supported in ${settings.architecture}`,
    );
  }
}
