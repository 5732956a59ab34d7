import { UserError } from '../../error.ts';
import { refusal } from './refusal.ts';

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes that have arrived, and all of them where the server tells. */
  readonly onProgress?: ((done: number, total: number | undefined) => void) | undefined;
}

/**
 * The bytes at an address, in memory.
 *
 * @throws UserError when there are none; the reason of `signal` when it is aborted
 */
export async function fetchBytes(address: string | URL, options: FetchOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const chunks = await fetchChunks(address, options);
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** The same in the pieces in which they arrive. */
export async function fetchChunks(
  address: string | URL,
  { signal, onProgress }: FetchOptions,
): Promise<Uint8Array<ArrayBuffer>[]> {
  let response: Response;
  try {
    response = await fetch(address, { ...(signal && { signal }) });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new UserError(`${address}: no answer (${(cause as Error).message})`, { cause });
  }
  if (!response.ok || response.body === null) throw refusal(address, response);
  const announced = Number(response.headers.get('Content-Length'));
  // With an encoding the length is that of the packed bytes.
  const total = response.headers.has('Content-Encoding') || announced === 0 ? undefined : announced;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let done = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    chunks.push(chunk);
    done += chunk.length;
    onProgress?.(done, total);
  }
  if (total !== undefined && done !== total) throw new UserError(`${address}: ended after ${done} of ${total} bytes`);
  return chunks;
}
