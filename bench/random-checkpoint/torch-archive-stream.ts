import { crc32 } from 'node:zlib';
import { writeAtomically, writeFully } from '../../src/files/atomic-file.ts';

/** An entry of a zip archive whose bytes are produced while it is written. */
export interface StreamedEntry {
  readonly name: string;
  readonly length: number;
  readonly pieces: () => Iterable<Uint8Array>;
}

const ALIGNMENT = 64;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const MAX32 = 0xffff_ffff;
const ZIP64_FIELD = 1;

/**
 * Writes a zip archive of uncompressed entries, each aligned to 64 bytes as torch does. Sizes and
 * offsets from 4 GB on use zip64 fields. All offsets are known beforehand, so only one piece is in
 * memory at a time.
 */
export async function writeZip(file: string, entries: readonly StreamedEntry[]): Promise<void> {
  const placed: (StreamedEntry & { readonly header: number; readonly padding: number })[] = [];
  let at = 0;
  for (const entry of entries) {
    const padding =
      4 + ((ALIGNMENT - ((at + LOCAL_BYTES + entry.name.length + zip64Bytes(entry) + 4) % ALIGNMENT)) % ALIGNMENT);
    placed.push({ ...entry, header: at, padding });
    at += LOCAL_BYTES + entry.name.length + zip64Bytes(entry) + padding + entry.length;
  }
  const directoryAt = at;
  await writeAtomically(file, directoryAt, async handle => {
    const directory: Buffer[] = [];
    for (const { name, length, pieces, header, padding } of placed) {
      let to = header + LOCAL_BYTES + name.length + zip64Bytes({ length }) + padding;
      const end = to + length;
      let checksum = 0;
      for (const piece of pieces()) {
        checksum = crc32(piece, checksum);
        await writeFully(handle, piece, to);
        to += piece.length;
      }
      if (to !== end) throw new Error(`${name}: ${end - to} bytes are missing`);
      await writeFully(handle, localHeader(name, length, checksum, padding), header);
      directory.push(centralHeader(name, length, checksum, header));
    }
    const central = Buffer.concat(directory);
    await writeFully(handle, Buffer.concat([central, ending(placed.length, central.length, directoryAt)]), directoryAt);
  });
}

function zip64Bytes({ length }: { readonly length: number }): number {
  return length >= MAX32 ? 4 + 16 : 0;
}

function localHeader(name: string, length: number, checksum: number, padding: number): Buffer {
  const head = Buffer.alloc(LOCAL_BYTES);
  const small = Math.min(length, MAX32);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt32LE(checksum, 14);
  head.writeUInt32LE(small, 18);
  head.writeUInt32LE(small, 22);
  head.writeUInt16LE(name.length, 26);
  head.writeUInt16LE(zip64Bytes({ length }) + padding, 28);
  const filler = Buffer.alloc(padding, 'Z');
  filler.write('FB', 0, 'latin1');
  filler.writeUInt16LE(padding - 4, 2);
  return Buffer.concat([head, Buffer.from(name), zip64Field(length >= MAX32 ? [length, length] : []), filler]);
}

function centralHeader(name: string, length: number, checksum: number, header: number): Buffer {
  const field = zip64Field([...(length >= MAX32 ? [length, length] : []), ...(header >= MAX32 ? [header] : [])]);
  const head = Buffer.alloc(CENTRAL_BYTES);
  const small = Math.min(length, MAX32);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt32LE(checksum, 16);
  head.writeUInt32LE(small, 20);
  head.writeUInt32LE(small, 24);
  head.writeUInt16LE(name.length, 28);
  head.writeUInt16LE(field.length, 30);
  head.writeUInt32LE(Math.min(header, MAX32), 42);
  return Buffer.concat([head, Buffer.from(name), field]);
}

function zip64Field(numbers: readonly number[]): Buffer {
  if (numbers.length === 0) return Buffer.alloc(0);
  const field = Buffer.alloc(4 + 8 * numbers.length);
  field.writeUInt16LE(ZIP64_FIELD, 0);
  field.writeUInt16LE(8 * numbers.length, 2);
  for (const [i, number] of numbers.entries()) field.writeBigUInt64LE(BigInt(number), 4 + 8 * i);
  return field;
}

/** The end of the directory, as zip64 and as zip. */
function ending(entries: number, length: number, at: number): Buffer {
  const end64 = Buffer.alloc(56 + 20);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4);
  end64.writeBigUInt64LE(BigInt(entries), 24);
  end64.writeBigUInt64LE(BigInt(entries), 32);
  end64.writeBigUInt64LE(BigInt(length), 40);
  end64.writeBigUInt64LE(BigInt(at), 48);
  end64.writeUInt32LE(0x07064b50, 56);
  end64.writeBigUInt64LE(BigInt(at + length), 64);
  end64.writeUInt32LE(1, 72);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(Math.min(at, MAX32), 16);
  return Buffer.concat([end64, end]);
}
