import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { global, integer, text } from '../torch-archive.ts';
import { chance, draw, pick } from './format.ts';
import { mutateBytes } from './mutate-bytes.ts';

/** Length of the instruction at `at`, argument included, for the opcodes of the valid pickle. */
function instructionLength(bytes: Buffer, at: number): number {
  switch (bytes[at]) {
    case 0x58:
      return 5 + bytes.readUInt32LE(at + 1);
    case 0x8a:
      return 2 + bytes[at + 1]!;
    case 0x63:
      return bytes.indexOf(0x0a, bytes.indexOf(0x0a, at) + 1) + 1 - at;
    case 0x80:
      return 2;
    default:
      return 1;
  }
}

function instructions(whole: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < whole.length; at += found.at(-1)!.length) {
    found.push(whole.subarray(at, at + instructionLength(whole, at)));
  }
  return found;
}

const SINGLE = '()0.12NQR]abdehjloqrstu}\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x95';

function strange(random: RandomGenerator): Buffer {
  switch (draw(random, 9)) {
    case 0:
      return integer(pick(random, [0, -1, 1, 64, 2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER]));
    case 1:
      return text(
        pick(random, ['storage', '0', '1', 'model', 'whole', 'cpu', '', '\u0000', '__proto__', 'x'.repeat(2000)]),
      );
    case 2:
      return pick(random, [
        global('os', 'system'),
        global('builtins', 'eval'),
        global('torch', 'HalfStorage'),
        global('torch', 'LongStorage'),
        global('torch._utils', '_rebuild_tensor_v2'),
        global('collections', 'OrderedDict'),
        global('argparse', 'Namespace'),
        global('__builtin__', '__proto__'),
      ]);
    case 3:
      // Of the memo: BINGET, LONG_BINGET, BINPUT, LONG_BINPUT.
      return pick(random, [
        Buffer.from('h\0'),
        Buffer.from('j\xff\xff\xff\x7f', 'latin1'),
        Buffer.from('q\0'),
        Buffer.from('r\0\0\0\0'),
      ]);
    case 4:
      // Wrong lengths: BINUNICODE, LONG4, BINBYTES8, FRAME.
      return Buffer.from(
        pick(random, ['X\xff\xff\xff\x7f', '\x8b\xff\xff\xff\x7f', '\x8e\0\0\0\0\0\0\x01\0', '\x95\xff\0\0\0\0\0\0\0']),
        'latin1',
      );
    case 5:
      return Buffer.from('('.repeat(pick(random, [1, 100, 5000])));
    case 6:
      return Buffer.from(']q\0h\0a'.repeat(1 + draw(random, 50)), 'latin1');
    default:
      return Buffer.from(pick(random, [...SINGLE]), 'latin1');
  }
}

/**
 * One to four instructions removed, repeated, moved or replaced by strange ones; then possibly
 * changes of bytes.
 */
export function mutatePickle(whole: Buffer, random: RandomGenerator): Buffer {
  const list = instructions(whole);
  for (let changes = 1 + draw(random, 4); changes > 0 && list.length > 1; changes--) {
    const at = draw(random, list.length);
    const other = list[draw(random, list.length)]!;
    switch (draw(random, 5)) {
      case 0:
        list.splice(at, 1);
        break;
      case 1:
        list.splice(at, 0, other);
        break;
      case 2:
        list[at] = other;
        break;
      default:
        list.splice(at, draw(random, 2), strange(random));
    }
  }
  const bytes = Buffer.concat(list);
  return chance(random, 4) ? mutateBytes(bytes, random) : bytes;
}
