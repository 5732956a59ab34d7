import { closest } from 'fastest-levenshtein';
import { UserError } from '../error.ts';

/** How a weight's numbers are stored; each widens to float32 exactly. */
export type StoredType = 'F32' | 'F16' | 'BF16';

/** Where a tensor's bytes lie: row-major, little-endian, without gaps. */
export interface TensorLocation {
  readonly name: string;
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  /** Absolute path with symbolic links resolved. */
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** What a tokenizer can be made from. */
export type TokenizerSource =
  | { readonly kind: 'tokenizer.json'; readonly file: string; readonly configFile?: string }
  | { readonly kind: 'gguf'; readonly file: string }
  /** `vocab.json` and `merges.txt`; the other files say which special tokens there are. */
  | {
      readonly kind: 'gpt2';
      readonly file: string;
      readonly merges: string;
      readonly configFile?: string;
      readonly specialFile?: string;
      readonly addedFile?: string;
    }
  /** `tokenizer.model`, which cannot be read: named so that it can be refused when text is to be fed. */
  | { readonly kind: 'sentencepiece'; readonly file: string }
  /** `dict.txt` over the byte pairs of GPT-2. */
  | { readonly kind: 'fairseq'; readonly dictionary: string };

/** A model on disk: what its configuration says and where its weights lie. Nothing is loaded. */
export interface Checkpoint {
  readonly name: string;
  /** Where it came from: a path, or the origin of an embedded model. */
  readonly source: string;
  /** SHA-256 (hex) over the weight files. */
  readonly digest: string;
  /** As Hugging Face writes it in `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, TensorLocation>;
  /** Tensors that stand in the files but can be no weight (integers, 8-bit floats, ...): name to what it is. */
  readonly otherTensors: ReadonlyMap<string, string>;
  readonly tokenizer: TokenizerSource | undefined;
}

/** True for the types that can be a weight. */
export function isStoredType(dtype: string): dtype is StoredType {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/**
 * The location of a weight.
 *
 * @throws UserError when the checkpoint has no such tensor, or stores it as something that is no weight.
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
