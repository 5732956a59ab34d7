import { UserError } from '../../error.ts';
import type { ByteSource } from '../byte-source.ts';
import { memorySource } from '../byte-source.ts';
import { refusal } from './refusal.ts';

/** The address of a file on a server that answers requests of ranges. */
export interface RangeAddress {
  readonly address: string;
  /** Bytes. */
  readonly size: number;
}

/** Bytes of a file as a page has them: in memory, in a `Blob` (a file, a kept copy), or behind an address. */
export type SourceBytes = Uint8Array | Blob | RangeAddress;

/** Bytes that a page reads in parts. @param name for messages */
export function pageSource(name: string, bytes: SourceBytes): ByteSource {
  if (bytes instanceof Uint8Array) return memorySource(name, bytes);
  const [size, read] =
    bytes instanceof Blob
      ? [bytes.size, (from: number, to: number) => bytes.slice(from, to).arrayBuffer()]
      : [bytes.size, (from: number, to: number) => fetchRange(bytes.address, from, to)];
  return {
    size,
    async read(offset, length) {
      if (offset + length > size) throw new UserError(`${name}: ends before byte ${offset + length}`);
      return new Uint8Array(await read(offset, offset + length));
    },
  };
}

/**
 * A file on a server, of which only what is needed is requested: with `openSafetensors`, for
 * instance, the weights of one layer.
 *
 * @throws UserError when the server does not answer requests of ranges
 */
export async function openAddress(address: string | URL): Promise<RangeAddress> {
  // Workers have another base.
  const whole = new URL(address, (globalThis as { readonly location?: { readonly href: string } }).location?.href).href;
  const response = await request(whole, 0, 1);
  const size = Number(/\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')?.[1]);
  if (Number.isSafeInteger(size)) return { address: whole, size };
  throw new UserError(`${whole}: the server does not tell the size of the file (Content-Range)`);
}

async function fetchRange(address: string, from: number, to: number): Promise<ArrayBuffer> {
  return (await request(address, from, to)).arrayBuffer();
}

async function request(address: string, from: number, to: number): Promise<Response> {
  const response = await fetch(address, { headers: { Range: `bytes=${from}-${to - 1}` } });
  if (response.status === 206) return response;
  // Not read: the whole file may follow.
  await response.body?.cancel();
  if (response.ok)
    throw new UserError(`${address}: the server does not answer requests of ranges; fetch the whole file`);
  throw refusal(address, response);
}
