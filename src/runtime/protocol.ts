/**
 * What the parent and the compute process say to each other. Requests are numbered and answered in the order in which
 * they were sent; the parent names sessions and handles, so that a later request may speak of them before the answer.
 */

/** A dense tensor in row-major order; `data.length` is the product of `dims`. */
export type TensorData =
  | { readonly type: 'float32'; readonly dims: readonly number[]; readonly data: Float32Array }
  | { readonly type: 'int32'; readonly dims: readonly number[]; readonly data: Int32Array };

type TensorType = TensorData['type'];

/** Where the bytes of a stored tensor lie: row-major, little-endian, `length` bytes from `offset` of `file`. */
export interface Location {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

export interface Shape {
  readonly type: TensorType;
  readonly dims: readonly number[];
}

export type Feed = TensorData | { readonly handle: number };

export type Order =
  | {
      readonly kind: 'open';
      readonly session: number;
      readonly name: string;
      readonly model: Uint8Array;
      readonly weightsRoot: string | undefined;
      readonly prepack: boolean;
    }
  | { readonly kind: 'close'; readonly session: number }
  | { readonly kind: 'upload'; readonly handle: number; readonly name: string; readonly tensor: TensorData }
  | { readonly kind: 'load'; readonly handles: readonly number[]; readonly locations: readonly Location[] }
  | {
      readonly kind: 'run';
      readonly session: number;
      readonly feeds: Readonly<Record<string, Feed>>;
      readonly fetch: readonly string[];
      /** output -> the new handle that it becomes */
      readonly keep: Readonly<Record<string, number>>;
      /** output -> the handle whose buffer it overwrites */
      readonly into: Readonly<Record<string, number>>;
      /** Outputs in which nobody looks for NaN. */
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
  | { readonly kind: 'release'; readonly handles: readonly number[] }
  | { readonly kind: 'tensors' }
  | { readonly kind: 'memory' };

/** What each kind of order is answered with. */
export interface Answers {
  open: { readonly inputs: readonly string[]; readonly outputs: readonly string[] };
  close: Record<never, never>;
  upload: Record<never, never>;
  load: { readonly shapes: readonly Shape[] };
  run: {
    readonly fetched: Readonly<Record<string, TensorData>>;
    readonly kept: Readonly<Record<string, Shape>>;
    readonly seconds: number;
  };
  download: { readonly tensor: TensorData };
  concatenate: { readonly shape: Shape };
  release: Record<never, never>;
  tensors: { readonly names: readonly string[] };
  memory: Memory;
}

export interface Memory {
  readonly residentBytes: number;
  readonly peakResidentBytes: number;
}

export type Kind = Order['kind'];

/** `doing` tells people what the request is for; it stands in every error message. */
export interface Request {
  readonly id: number;
  readonly doing: string;
  readonly order: Order;
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

/** `float32[2,3]`, for messages. */
export function describeShape({ type, dims }: { readonly type: string; readonly dims: readonly unknown[] }): string {
  return `${type}[${dims.join(',')}]`;
}
