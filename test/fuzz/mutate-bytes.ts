import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { chance, draw, pick } from './format.ts';

/** Forged lengths, counts and offsets. */
export const FORGED = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  1n << 32n,
  1n << 53n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
] as const;

/**
 * One to four changes between `from` and `to`: a byte, a bit, a number, bytes removed, repeated or
 * moved, the end cut off.
 */
export function mutateBytes(whole: Buffer, random: RandomGenerator, from = 0, to = whole.length): Buffer {
  let bytes: Buffer = Buffer.from(whole);
  for (let changes = 1 + draw(random, 4); changes > 0 && bytes.length > 0; changes--) {
    const at = Math.min(from + draw(random, Math.max(1, to - from)), bytes.length - 1);
    const end = Math.min(at + 1 + draw(random, 40), bytes.length);
    switch (draw(random, 8)) {
      case 0:
      case 1:
        bytes[at] = draw(random, 256);
        break;
      case 2:
        bytes[at]! ^= 1 << draw(random, 8);
        break;
      case 3: {
        const number = Buffer.alloc(8);
        number.writeBigUInt64LE(pick(random, FORGED));
        number.copy(bytes, at, 0, pick(random, [1, 2, 4, 8]));
        break;
      }
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
        break;
      case 6:
        bytes.copyWithin(at, draw(random, bytes.length), Math.min(bytes.length, draw(random, bytes.length) + 16));
        break;
      default:
        if (chance(random, 4)) bytes = bytes.subarray(0, draw(random, bytes.length));
    }
  }
  return bytes;
}

/**
 * Changes of whole lines: one removed, repeated, swapped, cut or emptied, another line end; then
 * possibly changes of bytes.
 */
export function mutateLines(whole: Buffer, random: RandomGenerator, strange: readonly string[]): Buffer {
  const lines = whole.toString('utf8').split('\n');
  for (let changes = 1 + draw(random, 3); changes > 0 && lines.length > 0; changes--) {
    const [i, j] = [draw(random, lines.length), draw(random, lines.length)];
    const line = lines[i]!;
    switch (draw(random, 8)) {
      case 0:
        lines.splice(i, 1);
        break;
      case 1:
        lines.splice(j, 0, line);
        break;
      case 2:
        [lines[i], lines[j]] = [lines[j]!, line];
        break;
      case 3:
        lines[i] = line.slice(0, draw(random, line.length + 1));
        break;
      case 4:
        lines[i] = pick(random, ['', ' ', `${line}\r`, ` ${line}`, `${line} `, `\ufeff${line}`, `${line}${lines[j]}`]);
        break;
      default:
        lines[i] = pick(random, strange);
    }
  }
  const bytes = Buffer.from(lines.join('\n'));
  return chance(random, 4) ? mutateBytes(bytes, random) : bytes;
}
