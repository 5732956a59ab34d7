import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { TensorLocation } from '../../checkpoint/checkpoint.ts';
import { mappedBytes } from './mapped-weights.ts';
import { timed } from './timing.ts';

/** How fast files of weights are read; 1e9 bytes a second. */
export interface ReadingSpeed {
  /** Partly from the page cache. */
  readonly fileGigabytes: number;
  /**
   * From the disk, without the page cache; as `fileGigabytes` where the system has no direct
   * reading.
   */
  readonly diskGigabytes: number;
}

const STRETCHES = 8;
const STRETCH_BYTES = 16 * 2 ** 20;
const READ_BYTES = 4 * 2 ** 20;
/**
 * Alignment of direct reads, in the file and in memory. Memory of WebAssembly is aligned.
 */
const ALIGNED = 4096;
const WASM_PAGE = 64 * 2 ** 10;
// Missing in the types of Node.
declare const WebAssembly: { readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } };

/** Measures reads at random places, with and without the page cache. */
export async function measureReading(places: readonly TensorLocation[]): Promise<ReadingSpeed> {
  const buffer = new Uint8Array(new WebAssembly.Memory({ initial: READ_BYTES / WASM_PAGE }).buffer);
  const rate = async (openFile: (file: string) => Promise<FileHandle>) => {
    const sum = { bytes: 0, seconds: 0 };
    for (let i = 0; i < STRETCHES; i++) {
      const { file, offset, length } = randomPlace(places);
      const start = offset + Math.floor(Math.random() * Math.max(0, length - STRETCH_BYTES));
      const handle = await openFile(file);
      const [bytes, seconds] = await timed(() => readStretch(handle, start - (start % ALIGNED), buffer));
      await handle.close();
      sum.bytes += bytes;
      sum.seconds += seconds;
    }
    return sum.bytes / sum.seconds / 1e9;
  };
  return { diskGigabytes: await rate(openDirectly), fileGigabytes: await rate(file => open(file)) };
}

/** @returns the number of bytes read */
async function readStretch(handle: FileHandle, start: number, buffer: Uint8Array): Promise<number> {
  let read = 0;
  for (let ended = false; !ended && read < STRETCH_BYTES; ) {
    const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, start + read);
    read += bytesRead;
    ended = bytesRead < READ_BYTES;
  }
  return read;
}

/** Without the page cache, where system and file system support it. */
async function openDirectly(file: string): Promise<FileHandle> {
  return open(file, constants.O_RDONLY | (constants.O_DIRECT ?? 0)).catch(() => open(file));
}

/** A random place, weighted by size. */
function randomPlace(places: readonly TensorLocation[]): TensorLocation {
  let left = Math.random() * mappedBytes(places);
  for (const place of places) {
    if (left < place.length) return place;
    left -= place.length;
  }
  return places.at(-1)!;
}
