/** Bytes that can be read in parts: a file, a Blob in a browser, or ranges of a URL. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** The `length` bytes from `offset` on. @throws UserError when there are fewer */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}
