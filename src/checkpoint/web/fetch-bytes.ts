import { UserError } from '../../error.ts';

/**
 * The bytes at an address.
 *
 * @param onProgress bytes that have arrived, and all of them where the server tells
 * @throws UserError when there are none
 */
export async function fetchBytes(
  address: string | URL,
  options: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (done: number, total: number | undefined) => void;
  } = {},
): Promise<Uint8Array> {
  const { signal, onProgress } = options;
  const response = await fetch(address, { ...(signal && { signal }) });
  if (!response.ok || response.body === null) {
    throw new UserError(`${address}: the server answers ${response.status} ${response.statusText}`);
  }
  const announced = Number(response.headers.get('Content-Length'));
  // With an encoding the length is that of the packed bytes.
  const total = response.headers.has('Content-Encoding') || announced === 0 ? undefined : announced;
  const chunks: Uint8Array[] = [];
  let done = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    done += chunk.length;
    onProgress?.(done, total);
  }
  if (total !== undefined && done !== total) throw new UserError(`${address}: ended after ${done} of ${total} bytes`);
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
