/** @file One input of a campaign: makes it, reads it, and checks what a reader must never do. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/error.ts';
import { randomStream } from '../../src/statistics/random.ts';
import type { Format } from './format.ts';

/** Limits of time and memory for reading one input. */
const LONGEST_MS = 2000;
const MOST_BYTES = 1 << 30;

export type Outcome = { readonly kind: 'accepted' | 'refused' } | { readonly kind: 'finding'; readonly what: string };

/** Input `index` of a campaign: the same seed, format and index give the same bytes. */
export function inputOf(format: Format, seed: number, index: number): Buffer {
  const name = [...format.name].map(character => character.charCodeAt(0));
  return format.mutant(randomStream(seed, ...name, index));
}

/** Writes an input into its own folder. @returns that folder */
export function keepInput(folder: string, format: Format, seed: number, index: number): string {
  const place = join(folder, `${format.name.replaceAll(' ', '-')}-${seed}-${index}`);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'input'), inputOf(format, seed, index));
  return place;
}

/** Reads an input. @param folder to write files in */
export async function tryInput(format: Format, bytes: Buffer, folder: string, longest = LONGEST_MS): Promise<Outcome> {
  const first = await once(format, bytes, folder);
  // Other work on the machine may stop this process for a while, so that a slow input is tried
  // again.
  const { outcome, milliseconds } = first.milliseconds > longest ? await once(format, bytes, folder) : first;
  if (milliseconds > longest) return { kind: 'finding', what: `slow: ${Math.round(milliseconds)} ms` };
  const peak = process.resourceUsage().maxRSS * 1024;
  if (peak > MOST_BYTES) return { kind: 'finding', what: `memory: ${Math.round(peak / 2 ** 20)} MiB` };
  return outcome;
}

async function once(format: Format, bytes: Buffer, folder: string) {
  const start = performance.now();
  const taken = await read(format, bytes, folder);
  const milliseconds = performance.now() - start;
  const outcome = 'outcome' in taken ? taken.outcome : await secondReader(format, bytes, taken.value, folder);
  return { outcome, milliseconds };
}

type Read = { readonly value: unknown } | { readonly outcome: Outcome };

async function read(format: Format, bytes: Buffer, folder: string): Promise<Read> {
  try {
    return { value: await format.read(bytes, folder) };
  } catch (error) {
    if (!(error instanceof UserError)) return { outcome: finding('crash', error) };
    const several = /[\n\r]/.test(error.message);
    return { outcome: several ? finding('message of several lines', error) : { kind: 'refused' } };
  }
}

async function secondReader(format: Format, bytes: Buffer, value: unknown, folder: string): Promise<Outcome> {
  try {
    await format.strict?.(bytes, value as never, folder);
    return { kind: 'accepted' };
  } catch (error) {
    return finding('taken, but refused by a strict reader', error);
  }
}

function finding(what: string, error: unknown): Outcome {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'finding', what: `${what}: ${text}` };
}
