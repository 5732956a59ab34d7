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

const STRETCHES = 16;
const STRETCH_BYTES = 32 * 2 ** 20;
const READ_BYTES = 4 * 2 ** 20;

/** Reads stretches from random places. The slowest quarter is taken for what only the disk has. */
export async function measureReading(places: readonly TensorLocation[]): Promise<ReadingSpeed> {
  const buffer = new Uint8Array(READ_BYTES);
  const stretches: { readonly bytes: number; readonly seconds: number }[] = [];
  for (let i = 0; i < STRETCHES; i++) {
    const place = randomPlace(places);
    const bytes = Math.min(STRETCH_BYTES, place.length);
    const start = place.offset + Math.floor(Math.random() * (place.length - bytes));
    const handle = await open(place.file);
    const [, seconds] = await timed(async () => {
      for (let at = 0; at < bytes; at += READ_BYTES) {
        await handle.read(buffer, 0, Math.min(READ_BYTES, bytes - at), start + at);
      }
    });
    await handle.close();
    stretches.push({ bytes, seconds });
  }
  stretches.sort((a, b) => a.bytes / a.seconds - b.bytes / b.seconds);
  const sum = (key: 'bytes' | 'seconds', some: typeof stretches) => some.reduce((sum, piece) => sum + piece[key], 0);
  const rate = (some: typeof stretches) => sum('bytes', some) / sum('seconds', some) / 1e9;
  return { fileGigabytes: rate(stretches), diskGigabytes: rate(stretches.slice(0, STRETCHES / 4)) };
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
