import { UserError } from '../../error.ts';
import type { SourceBytes } from '../protocol.ts';

/** Bytes that are read at once: onnxruntime does not wait for them. */
export interface Source {
  /** Bytes. */
  readonly size: number;
  /** The bytes hold until the next call. @throws UserError when the bytes are not there */
  readonly read: (offset: number, length: number) => Uint8Array;
  /** Frees the memory of bytes that were read; the next read has them again. */
  readonly forget?: () => void;
}

/**
 * Bytes up to which a `Blob` is read at once. Sessions read their weights in any order, and each
 * read waits for another process of the browser.
 */
const MOST_AT_ONCE = 256e6;

/** What only workers have. */
interface WorkerScope {
  readonly FileReaderSync: new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer };
  readonly XMLHttpRequest: new () => {
    open(method: string, address: string, asynchronous: boolean): void;
    setRequestHeader(name: string, value: string): void;
    responseType: string;
    send(): void;
    readonly status: number;
    readonly response: ArrayBuffer;
  };
}

/** Reads bytes in a worker, each when it is needed. */
export function sourceOf(name: string, bytes: SourceBytes): Source {
  const { FileReaderSync, XMLHttpRequest } = globalThis as unknown as WorkerScope;
  const checked = (size: number, read: Source['read']): Source => ({
    size,
    read(offset, length) {
      const part = offset + length <= size ? read(offset, length) : undefined;
      if (part?.length === length) return part;
      throw new UserError(`${name}: ends before byte ${offset + length}`);
    },
  });
  if (bytes instanceof Uint8Array) {
    return checked(bytes.length, (offset, length) => bytes.subarray(offset, offset + length));
  }
  if (bytes instanceof Blob) {
    const reader = new FileReaderSync();
    const bytesOf = (part: Blob) => new Uint8Array(reader.readAsArrayBuffer(part));
    if (bytes.size > MOST_AT_ONCE) {
      return checked(bytes.size, (offset, length) => bytesOf(bytes.slice(offset, offset + length)));
    }
    let whole: Uint8Array | undefined;
    const read = (offset: number, length: number) => {
      whole ??= bytesOf(bytes);
      return whole.subarray(offset, offset + length);
    };
    const forget = () => {
      whole = undefined;
    };
    return { ...checked(bytes.size, read), forget };
  }
  return checked(bytes.size, (offset, length) => {
    const request = new XMLHttpRequest();
    request.open('GET', bytes.address, false);
    request.setRequestHeader('Range', `bytes=${offset}-${offset + length - 1}`);
    request.responseType = 'arraybuffer';
    request.send();
    if (request.status === 206) return new Uint8Array(request.response);
    throw new UserError(`${name}: the server answers a request of a range with ${request.status}`);
  });
}

/**
 * A source as the array that onnxruntime takes for a file: of an array it uses `byteLength` and, for
 * each tensor, `subarray`.
 *
 * @param onError told what `read` throws, which onnxruntime does not pass on
 */
export function arrayOf({ size, read }: Source, onError: (error: unknown) => void): Uint8Array {
  const subarray = (start: number, end: number) => {
    try {
      return read(start, end - start);
    } catch (error) {
      onError(error);
      throw error;
    }
  };
  return Object.defineProperties(new Uint8Array(0), { byteLength: { value: size }, subarray: { value: subarray } });
}
