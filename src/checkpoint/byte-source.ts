/** Bytes that are read piece by piece: a file, a Blob of a browser, or ranges of an address. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** The bytes from `offset` on. @throws UserError when there are fewer than `length` */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}
