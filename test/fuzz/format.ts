import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** A file format of the fuzz campaign. */
export interface Format {
  readonly name: string;
  /** A damaged file, made from a valid one; the same stream gives the same bytes. */
  readonly mutant: (random: RandomGenerator) => Buffer;
  /**
   * Reads the file as the program does. Returns when the file is accepted; throws a UserError of
   * one line when it is refused. Any other error is a finding.
   *
   * @param folder to write files in; may hold those of the previous input
   */
  readonly read: (bytes: Buffer, folder: string) => unknown;
  /**
   * Another strict reader: throws when it refuses an accepted file, or reads something else in it.
   * `read` is the result of `read`.
   */
  readonly strict?: (bytes: Buffer, read: never, folder: string) => unknown;
}

/** Types the value that is passed from `read` to `strict`. */
export function format<T>(
  parts: Omit<Format, 'read' | 'strict'> & {
    readonly read: (bytes: Buffer, folder: string) => T;
    readonly strict?: (bytes: Buffer, read: Awaited<T>, folder: string) => unknown;
  },
): Format {
  return parts as Format;
}

/** A whole number from 0 to below `n`. */
export const draw = (random: RandomGenerator, n: number): number => (random.next() >>> 0) % n;

export const pick = <T>(random: RandomGenerator, items: readonly T[]): T => items[draw(random, items.length)]!;

export const chance = (random: RandomGenerator, oneIn: number): boolean => draw(random, oneIn) === 0;
