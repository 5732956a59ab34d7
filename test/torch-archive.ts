import { crc32 } from 'node:zlib';

/** An entry of a zip archive; set fields override the true values. */
export interface ZipPart {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  /** Sizes in the directory: stored, unpacked. */
  readonly sizes?: readonly [number, number];
  /** Sizes in the header before the data. */
  readonly localSizes?: readonly [number, number];
  readonly localName?: string;
  /** Where the directory says that the entry begins. */
  readonly header?: number;
  readonly extra?: Uint8Array;
}

/**
 * A zip archive of stored entries, each aligned to 64 bytes by padding before its data, as torch
 * writes it.
 */
export function zip(parts: readonly ZipPart[], options: { readonly zip64?: boolean; readonly comment?: string } = {}) {
  const { zip64 = false, comment = '' } = options;
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  const add = (piece: Uint8Array): void => {
    pieces.push(Buffer.from(piece));
    at += piece.length;
  };
  for (const { name, data, method = 0, flags = 0, crc = crc32(data), extra = Buffer.alloc(0), ...lies } of parts) {
    const [stored, whole] = lies.sizes ?? [data.length, data.length];
    const [localStored, localWhole] = lies.localSizes ?? [stored, whole];
    const rawName = Buffer.from(name);
    const localName = Buffer.from(lies.localName ?? name);
    const header = at;
    const padding = Buffer.alloc(4 + ((64 - ((at + 30 + localName.length + 4) % 64)) % 64), 'Z');
    padding.write('FB', 0, 'latin1');
    padding.writeUInt16LE(padding.length - 4, 2);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(crc, 14);
    local.writeUInt32LE(localStored, 18);
    local.writeUInt32LE(localWhole, 22);
    local.writeUInt16LE(localName.length, 26);
    local.writeUInt16LE(padding.length, 28);
    for (const piece of [local, localName, padding, data]) add(piece);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(crc, 16);
    central.writeUInt32LE(stored, 20);
    central.writeUInt32LE(whole, 24);
    central.writeUInt16LE(rawName.length, 28);
    central.writeUInt16LE(extra.length, 30);
    central.writeUInt32LE(lies.header ?? header, 42);
    directory.push(central, rawName, Buffer.from(extra));
  }
  const start = at;
  for (const piece of directory) add(piece);
  const length = at - start;
  if (zip64) {
    const end64 = Buffer.alloc(56 + 20);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(44n, 4);
    end64.writeBigUInt64LE(BigInt(parts.length), 24);
    end64.writeBigUInt64LE(BigInt(parts.length), 32);
    end64.writeBigUInt64LE(BigInt(length), 40);
    end64.writeBigUInt64LE(BigInt(start), 48);
    end64.writeUInt32LE(0x07064b50, 56);
    end64.writeBigUInt64LE(BigInt(at), 64);
    end64.writeUInt32LE(1, 72);
    add(end64);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(zip64 ? 0xffff : parts.length, 8);
  end.writeUInt16LE(zip64 ? 0xffff : parts.length, 10);
  end.writeUInt32LE(zip64 ? 0xffffffff : length, 12);
  end.writeUInt32LE(zip64 ? 0xffffffff : start, 16);
  end.writeUInt16LE(comment.length, 20);
  add(end);
  add(Buffer.from(comment));
  return Buffer.concat(pieces);
}

/** A piece of a pickle that pushes one value. */
export type Pickled = Buffer;

const opcode = (code: string, ...rest: Uint8Array[]): Pickled => Buffer.concat([Buffer.from(code, 'latin1'), ...rest]);

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export const MARK = opcode('(');
export const none = opcode('N');
export const integer = (value: number): Pickled => {
  const bytes = Buffer.alloc(9);
  bytes[0] = 8;
  bytes.writeBigInt64LE(BigInt(value), 1);
  return opcode('\x8a', bytes);
};
export const text = (value: string): Pickled => opcode('X', uint32(Buffer.byteLength(value)), Buffer.from(value));
export const truth = (value: boolean): Pickled => opcode(value ? '\x88' : '\x89');
export const global = (module: string, name: string): Pickled => opcode('c', Buffer.from(`${module}\n${name}\n`));
export const tuple = (...items: readonly Pickled[]): Pickled => opcode('(', ...items, Buffer.from('t'));
export const list = (...items: readonly Pickled[]): Pickled => opcode(']', MARK, ...items, Buffer.from('e'));
export const call = (callee: Pickled, ...args: readonly Pickled[]): Pickled =>
  Buffer.concat([callee, tuple(...args), Buffer.from('R')]);
export const build = (target: Pickled, state: Pickled): Pickled => Buffer.concat([target, state, Buffer.from('b')]);
export const dictionary = (entries: Readonly<Record<string, Pickled>>): Pickled =>
  opcode('}', MARK, ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]), Buffer.from('u'));
export const namespace = (entries: Readonly<Record<string, Pickled>>): Pickled =>
  build(call(global('argparse', 'Namespace')), dictionary(entries));

export const storage = (key: string, type: string, count: number): Pickled =>
  Buffer.concat([
    tuple(text('storage'), global('torch', type), text(key), text('cpu'), integer(count)),
    Buffer.from('Q'),
  ]);

export const tensor = (
  from: Pickled,
  shape: readonly number[],
  strides: readonly number[] = rowMajor(shape),
  offset = 0,
): Pickled =>
  call(
    global('torch._utils', '_rebuild_tensor_v2'),
    from,
    integer(offset),
    tuple(...shape.map(integer)),
    tuple(...strides.map(integer)),
    truth(false),
    call(global('collections', 'OrderedDict')),
  );

function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
}

/** A whole pickle of protocol 2. */
export const pickle = (value: Pickled): Buffer => opcode('\x80\x02', value, Buffer.from('.'));

/** What `torch.save` writes: a pickle and the storages that it names. */
export function torchFile(
  value: Pickled,
  storages: Readonly<Record<string, Uint8Array>> = {},
  more: readonly ZipPart[] = [{ name: 'x/byteorder', data: Buffer.from('little') }],
): Buffer {
  return zip([
    { name: 'x/data.pkl', data: pickle(value) },
    ...more,
    ...Object.entries(storages).map(([key, data]) => ({ name: `x/data/${key}`, data })),
    { name: 'x/version', data: Buffer.from('3\n') },
  ]);
}

/** float32 numbers as a storage holds them. */
export function floats(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}
