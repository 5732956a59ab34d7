import type { Expected } from './feeds.ts';
import type { Location, Memory, SentSource, Shape, TensorData } from './protocol.ts';

export interface EngineSessionRequest {
  readonly name: string;
  readonly model: Uint8Array;
  readonly weightsRoot: string | undefined;
  readonly sources: readonly string[];
  readonly prepack: boolean;
}

export interface EngineSession<T extends Shape> {
  readonly inputs: readonly Expected[];
  readonly outputs: readonly string[];
  /**
   * @param outputs the outputs to compute
   * @param into tensors whose place an output may take; the result then holds the tensor itself or
   * a new one of its shape
   */
  readonly run: (
    feeds: Readonly<Record<string, T>>,
    outputs: readonly string[],
    into: Readonly<Record<string, T>>,
  ) => Promise<Readonly<Record<string, T>>>;
  readonly release: () => Promise<void>;
}

/** What computes: onnxruntime on one kind of device. `T` is a tensor where the engine holds it. */
export interface Engine<T extends Shape = Shape> {
  readonly openSession: (request: EngineSessionRequest) => Promise<EngineSession<T>>;
  /** A tensor for one run. */
  readonly feed: (tensor: TensorData) => T;
  /** A tensor that stays, of its own type unless another is given. */
  readonly upload: (tensor: TensorData, as?: 'float16') => Promise<T>;
  readonly download: (tensor: T) => Promise<TensorData>;
  readonly concatenate: (parts: readonly T[], axis: number) => Promise<T>;
  /** The first NaN or infinity of a float tensor; undefined if every number is finite. */
  readonly firstNonFinite: (tensor: T) => Promise<NonFinite | undefined>;
  /** Frees tensors, or notes that nothing refers to them any more. */
  readonly dispose: (tensors: readonly T[]) => void;
  /** Reads a stored tensor and widens it to float32. */
  readonly read: (location: Location) => Promise<TensorData>;
  /** Makes bytes known under the name of a source. Absent where sources are files. */
  readonly addSource?: (source: SentSource) => Promise<void>;
  readonly memory: () => Memory;
}

export interface NonFinite {
  readonly index: number;
  readonly value: number;
}
