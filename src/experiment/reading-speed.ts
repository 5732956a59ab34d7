import { open } from 'node:fs/promises';
import type { TensorLocation } from '../checkpoint/checkpoint.ts';
import { mappedBytes } from './mapped-weights.ts';
import { timed } from './timed.ts';

/** How fast files of weights are read; 1e9 bytes a second. */
export interface ReadingSpeed {
  /** As they are, some of them in memory already. */
  readonly fileGigabytes: number;
  /** Where only the disk has them. */
  readonly diskGigabytes: number;
}

const PIECES = 32;
const PIECE_BYTES = 4 * 2 ** 20;

/** Reads pieces from random places. The slowest quarter is taken for what only the disk has. */
export async function measureReading(places: readonly TensorLocation[]): Promise<ReadingSpeed> {
  const buffer = new Uint8Array(PIECE_BYTES);
  const pieces: { readonly bytes: number; readonly seconds: number }[] = [];
  for (let i = 0; i < PIECES; i++) {
    const { file, offset, length } = randomPlace(places);
    const bytes = Math.min(PIECE_BYTES, length);
    const from = offset + Math.floor(Math.random() * (length - bytes));
    const handle = await open(file);
    const [, seconds] = await timed(() => handle.read(buffer, 0, bytes, from));
    await handle.close();
    pieces.push({ bytes, seconds });
  }
  pieces.sort((a, b) => a.bytes / a.seconds - b.bytes / b.seconds);
  const sum = (key: 'bytes' | 'seconds', some: typeof pieces) => some.reduce((sum, piece) => sum + piece[key], 0);
  const rate = (some: typeof pieces) => sum('bytes', some) / sum('seconds', some) / 1e9;
  return { fileGigabytes: rate(pieces), diskGigabytes: rate(pieces.slice(0, PIECES / 4)) };
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
