import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { TensorLocation } from '../../checkpoint/checkpoint.ts';
import { mappedBytes } from './mapped-weights.ts';
import { timed } from './timing.ts';

/** How fast files of weights are read; 1e9 bytes a second. */
export interface ReadingSpeed {
  /** As they are, some of them in memory already. */
  readonly fileGigabytes: number;
  /**
   * From the disk, what memory holds of them passed over; as `fileGigabytes` where the system
   * cannot do so.
   */
  readonly diskGigabytes: number;
}

const STRETCHES = 8;
const STRETCH_BYTES = 16 * 2 ** 20;
const READ_BYTES = 4 * 2 ** 20;
/**
 * What direct reading counts in: places in the file, and in memory, to which that of WebAssembly is
 * aligned.
 */
const ALIGNED = 4096;
const WASM_PAGE = 64 * 2 ** 10;
// The types of Node leave it out.
declare const WebAssembly: { readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } };

/** Reads stretches from random places, as they are and from the disk. */
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

/** @returns how many bytes there were to read */
async function readStretch(handle: FileHandle, start: number, buffer: Uint8Array): Promise<number> {
  let read = 0;
  for (let ended = false; !ended && read < STRETCH_BYTES; ) {
    const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, start + read);
    read += bytesRead;
    ended = bytesRead < READ_BYTES;
  }
  return read;
}

/** Past the system's memory of the file, where system and file system can. */
async function openDirectly(file: string): Promise<FileHandle> {
  return open(file, constants.O_RDONLY | (constants.O_DIRECT ?? 0)).catch(() => open(file));
}

/** Each the more often the larger it is. */
function randomPlace(places: readonly TensorLocation[]): TensorLocation {
  let left = Math.random() * mappedBytes(places);
  for (const place of places) {
    if (left < place.length) return place;
    left -= place.length;
  }
  return places.at(-1)!;
}
