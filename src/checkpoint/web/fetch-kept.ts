import { UserError } from '../../error.ts';
import { type FetchOptions, fetchChunks } from './fetch-bytes.ts';
import { openKeep } from './keep.ts';
import { sha256 } from './sha256.ts';

export interface KeptFile {
  readonly bytes: Blob;
  /** SHA-256 (hex) of the bytes. */
  readonly sha256: string;
  /** Where the browser keeps them for the next time; `memory` if nowhere. */
  readonly kept: 'opfs' | 'cache' | 'memory';
}

export interface KeepOptions extends FetchOptions {
  /** The digest that the file must have (hex). Without one, a copy must have that of its download. */
  readonly sha256?: string | undefined;
  /** Told when the browser does not keep the file, and why. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * The file at an address. The first time it is fetched and kept in the browser (in the origin
 * private file system, or in the Cache API where that is missing); after that the copy is read, if
 * it has the right digest. The bytes of a kept file are on disk, not in memory. A browser that
 * keeps nothing is no error: the file is then in memory, and `onWarning` says so.
 *
 * @throws UserError when there is no such file or its digest is another; the reason of `signal` when
 * it is aborted
 */
export async function fetchKept(address: string | URL, options: KeepOptions = {}): Promise<KeptFile> {
  const { sha256: wanted, signal, onWarning } = options;
  const keep = await openKeep(String(address), onWarning);
  const copy = await keep?.read();
  if (keep !== undefined && copy !== undefined) {
    const digest = await sha256(copy.bytes);
    if (digest === (wanted ?? copy.sha256)) return { bytes: copy.bytes, sha256: digest, kept: keep.kind };
    await keep.remove();
  }
  signal?.throwIfAborted();
  const fetched = new Blob(await fetchChunks(address, options));
  const digest = await sha256(fetched);
  if (wanted !== undefined && digest !== wanted) {
    throw new UserError(`${address}: its SHA-256 is ${digest}, expected was ${wanted}`);
  }
  signal?.throwIfAborted();
  try {
    const bytes = await keep?.write(fetched, digest);
    if (keep !== undefined && bytes !== undefined) return { bytes, sha256: digest, kept: keep.kind };
  } catch (error) {
    const megabytes = Math.ceil(fetched.size / 1e6);
    onWarning?.(`${address}: the browser does not keep its ${megabytes} MB (${error}); it stays in memory`);
  }
  return { bytes: fetched, sha256: digest, kept: 'memory' };
}

/** Whether the browser keeps a copy of the file at an address, whose digest `fetchKept` compares. */
export async function isKept(address: string | URL): Promise<boolean> {
  const keep = await openKeep(String(address));
  return (await keep?.read()) !== undefined;
}
