import { closest } from 'fastest-levenshtein';
import { UserError } from '../error.ts';
import type { WithSource } from './byte-source.ts';

/** The type of stored numbers; each converts to float32 exactly. */
export type StoredType = 'F32' | 'F16' | 'BF16';

/** Where a tensor's bytes lie: row-major, little-endian, without gaps. */
export interface TensorLocation {
  readonly name: string;
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  /** Absolute path with symbolic links resolved; in a browser the name of a source. */
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** The files that a tokenizer is made from. */
export type TokenizerSource =
  | { readonly kind: 'tokenizer.json'; readonly file: string; readonly configFile?: string }
  | { readonly kind: 'gguf'; readonly file: string }
  /** `vocab.json` and `merges.txt`; the other files list special tokens. */
  | {
      readonly kind: 'gpt2';
      readonly file: string;
      readonly merges: string;
      readonly configFile?: string;
      readonly specialFile?: string;
      readonly addedFile?: string;
    }
  /**
   * `tokenizer.model`, which is not supported; named so that the error can say so when text is fed.
   */
  | { readonly kind: 'sentencepiece'; readonly file: string }
  /** `dict.txt` over the byte pairs of GPT-2. */
  | { readonly kind: 'fairseq'; readonly dictionary: string };

/** A model on disk: its configuration and where its weights lie. Nothing is loaded. */
export interface Checkpoint {
  readonly name: string;
  /** Where it came from: a path, or the origin of an embedded model. */
  readonly source: string;
  /** SHA-256 (hex) over the weight files. */
  readonly digest: string;
  /** As Hugging Face writes it in `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, TensorLocation>;
  /** Tensors in the files that cannot be weights (integers, 8-bit floats, ...): name to type. */
  readonly otherTensors: ReadonlyMap<string, string>;
  readonly tokenizer: TokenizerSource | undefined;
  /** Opens a file of `tensors`. */
  readonly withSource: WithSource;
}

/** Whether a type can be that of a weight. */
export function isStoredType(dtype: string): dtype is StoredType {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/**
 * The location of a weight.
 *
 * @throws UserError when the checkpoint has no such tensor, or stores it as a type that cannot be a
 * weight.
 */
export function requireTensor(
  checkpoint: Pick<Checkpoint, 'source' | 'tensors' | 'otherTensors'>,
  name: string,
): TensorLocation {
  const location = checkpoint.tensors.get(name);
  if (location !== undefined) return location;
  const dtype = checkpoint.otherTensors.get(name);
  if (dtype !== undefined) {
    throw new UserError(
      `${checkpoint.source}: tensor ${name} is stored as ${dtype}; weights must be F32, F16 or BF16, without gaps`,
    );
  }
  const names = [...checkpoint.tensors.keys()];
  const hint = names.length === 0 ? '' : `; the nearest name in it is ${closest(name, names)}`;
  throw new UserError(`${checkpoint.source}: there is no tensor ${name}, which this model needs${hint}`);
}
