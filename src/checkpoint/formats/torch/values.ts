/** A run of numbers of one type, as one entry of a `torch.save` archive. */
export interface TorchStorage {
  readonly kind: 'storage';
  /** As in safetensors: F32, F16, BF16, I64, ... */
  readonly dtype: string;
  /** Bytes of one number. */
  readonly itemBytes: number;
  /** Numbers. */
  readonly count: number;
  /** Bytes from the start of the file. */
  readonly offset: number;
}

/** A view of a storage, within its bounds. */
export interface TorchTensor {
  readonly kind: 'tensor';
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Numbers from one index to the next, for each dimension. */
  readonly strides: readonly number[];
  /** Row-major without gaps. */
  readonly contiguous: boolean;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes from its first number to the end of its last one. */
  readonly length: number;
}
