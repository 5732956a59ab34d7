/**
 * @file The messages between a caller and an executor. Requests are answered in the order in which
 * they were sent. The caller chooses the numbers of sessions and handles, so that it can use them
 * in further requests before the first is answered.
 */

/** A dense tensor in row-major order; `data.length` is the product of `dims`. */
export type TensorData =
  | { readonly type: 'float32'; readonly dims: readonly number[]; readonly data: Float32Array }
  | { readonly type: 'int32'; readonly dims: readonly number[]; readonly data: Int32Array };

/** Tensors of float16 stay on the device. */
type TensorType = TensorData['type'] | 'float16';

/**
 * Where a stored tensor is: `length` bytes from `offset` of `file`, row-major and little-endian.
 * `file` is a path in Node, the name of a source in a browser.
 */
export interface Location {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  /** What it becomes where it is loaded; float32 unless given. */
  readonly as?: 'float16';
}

export interface Shape {
  readonly type: TensorType;
  readonly dims: readonly number[];
}

export type Feed = TensorData | { readonly handle: number };

/** Bytes of a file as a page has them: in memory, in a `Blob` (a file, a kept copy), or behind an address. */
export type SourceBytes = Uint8Array | Blob | RangeAddress;

/** The address of a file on a server that answers requests of ranges. */
export interface RangeAddress {
  readonly address: string;
  /** Bytes. */
  readonly size: number;
}

/** Bytes that become known under a name, in a browser. */
export interface SentSource {
  readonly name: string;
  readonly bytes: SourceBytes;
  /** Whether they are a file of packed weights, which are read as float32. */
  readonly packed: boolean;
}

export type Request =
  | {
      readonly kind: 'open';
      readonly session: number;
      readonly name: string;
      readonly model: Uint8Array;
      readonly weightsRoot: string | undefined;
      /** Files, or names of sources, that hold the external data of the model. */
      readonly sources: readonly string[];
      readonly prepack: boolean;
      /** input -> the handle that every run is fed */
      readonly weights: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'close'; readonly session: number }
  | { readonly kind: 'upload'; readonly handle: number; readonly name: string; readonly tensor: TensorData }
  | ({ readonly kind: 'source' } & SentSource)
  | { readonly kind: 'load'; readonly handles: readonly number[]; readonly locations: readonly Location[] }
  | {
      readonly kind: 'run';
      readonly session: number;
      readonly feeds: Readonly<Record<string, Feed>>;
      readonly fetch: readonly string[];
      /** output -> its new handle */
      readonly keep: Readonly<Record<string, number>>;
      /** output -> the handle whose buffer it overwrites */
      readonly into: Readonly<Record<string, number>>;
      /** Outputs that are not checked for NaN and infinity. */
      readonly trusted: readonly string[];
    }
  | { readonly kind: 'download'; readonly handle: number }
  | {
      readonly kind: 'concatenate';
      readonly handle: number;
      readonly name: string;
      readonly parts: readonly number[];
      readonly axis: number;
    }
  | { readonly kind: 'distance'; readonly pairs: readonly (readonly [handle: number, other: number])[] }
  | { readonly kind: 'release'; readonly handles: readonly number[] }
  | { readonly kind: 'tensors' }
  | { readonly kind: 'memory' };

/** The answer to each kind of request. */
export interface Answers {
  /** `inputs` without the weights. */
  open: { readonly inputs: readonly string[]; readonly outputs: readonly string[] };
  close: Record<never, never>;
  upload: Record<never, never>;
  source: Record<never, never>;
  load: { readonly shapes: readonly Shape[] };
  run: {
    readonly fetched: Readonly<Record<string, TensorData>>;
    readonly kept: Readonly<Record<string, Shape>>;
    readonly seconds: number;
  };
  download: { readonly tensor: TensorData };
  concatenate: { readonly shape: Shape };
  distance: { readonly squared: number };
  release: Record<never, never>;
  tensors: { readonly names: readonly string[] };
  memory: Memory;
}

export interface Memory {
  readonly residentBytes: number;
  readonly peakResidentBytes: number;
}

export type Kind = Request['kind'];

/** A numbered request. Error messages contain `doing`, which says what the request is for. */
export interface Call {
  readonly id: number;
  readonly doing: string;
  readonly request: Request;
}

export type Failure =
  | { readonly kind: 'bug'; readonly message: string }
  | { readonly kind: 'user'; readonly message: string }
  | {
      readonly kind: 'non-finite';
      readonly message: string;
      readonly session: string | undefined;
      readonly tensor: string;
    };

export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answers[Kind] }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure };

/** Number of elements of a shape. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Bytes of the numbers of a tensor. */
export function tensorBytes({ dims }: Shape): number {
  return 4 * elementCount(dims);
}

/** `float32[2,3]`, for messages. */
export function describeShape({ type, dims }: { readonly type: string; readonly dims: readonly unknown[] }): string {
  return `${type}[${dims.join(',')}]`;
}
