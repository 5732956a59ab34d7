import { UserError } from '../error.ts';

/** Bytes that can be read in parts: a file, a Blob in a browser, or ranges of a URL. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** The `length` bytes from `offset` on. @throws UserError when there are fewer */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens a source by its name, a path in Node, for as long as `use` runs. */
export type WithSource = <T>(name: string, use: (source: ByteSource) => Promise<T>) => Promise<T>;

/** Bytes that are in memory already. @param name for messages */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => {
      if (offset + length > bytes.length) throw new UserError(`${name}: ends before byte ${offset + length}`);
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
  };
}
