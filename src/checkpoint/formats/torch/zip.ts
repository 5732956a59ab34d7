/**
 * @file Where the entries of a zip archive lie. Weights are mapped from where they lie in a
 * `torch.save` archive, so byte offsets are needed, not contents. Only stored entries are read:
 * nothing is inflated, and no archive is larger than its file.
 *
 * Own code, although yauzl gives offsets too and would save 160 lines. Of the damaged archives in
 * the tests yauzl accepts two (an entry without a name; two end records that contradict each
 * other); it does not tell where the directory begins, so that an entry may overlap it unnoticed;
 * it needs Node; and the fuzz campaign uses it as independent second reader.
 */
import type { ByteSource } from '../../byte-source.ts';

/** A stored entry: its bytes are part of the file. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  readonly crc32: number;
}

// A mixture of experts with optimizer state has about ten thousand tensors; each entry costs one
// small read.
const MAX_ENTRIES = 20_000;
// 46 bytes, a name and zip64 sizes for each entry.
const MAX_DIRECTORY_BYTES = 32 << 20;
const MAX_NAME_BYTES = 1024;

const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;

const END = 0x06054b50;
const LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

const ENCRYPTED = 0x1 | 0x40 | 0x2000;
/** The sizes follow the data, and are zero before it. */
const SIZES_FOLLOW = 0x8;
const MAX16 = 0xffff;
const MAX32 = 0xffffffff;
const ZIP64_FIELD = 1;

/**
 * Reads the directory of a zip archive whose entries are all stored, zip64 included.
 *
 * @param fail throws an error that names the file
 * @throws what `fail` throws when the archive breaks the format; when entries are compressed or
 * encrypted, overlap, share a name or are named out of the archive; when sizes contradict each
 * other
 */
export async function readZipEntries(
  source: ByteSource,
  fail: (what: string) => never,
): Promise<ReadonlyMap<string, ZipEntry>> {
  const archive: Archive = { size: source.size, bytes: source.read, fail };
  const directory = await findDirectory(archive);
  return placeEntries(archive, directory, await readDirectory(archive, directory));
}

interface Archive {
  readonly size: number;
  readonly bytes: (offset: number, length: number) => Promise<Uint8Array>;
  readonly fail: (what: string) => never;
}

interface Directory {
  readonly offset: number;
  readonly length: number;
  readonly entries: number;
}

interface CentralEntry {
  readonly name: string;
  readonly rawName: Uint8Array;
  readonly header: number;
  readonly length: number;
  readonly crc32: number;
  readonly flags: number;
}

async function findDirectory(archive: Archive): Promise<Directory> {
  const { size, bytes, fail } = archive;
  const tailStart = Math.max(0, size - END_BYTES - MAX_COMMENT_BYTES);
  const tail = await bytes(tailStart, size - tailStart);
  let at = tail.length - END_BYTES;
  while (at >= 0 && u32(tail, at) !== END) at--;
  if (at < 0) return fail('the directory at its end is missing, the file is truncated');
  // Readers disagree about which of several records counts, so none may be in the comment of
  // another.
  if (at + END_BYTES + u16(tail, at + 20) !== tail.length) fail('its comment does not end with the file');
  const end = tailStart + at;
  const plain = {
    entries: u16(tail, at + 10),
    length: u32(tail, at + 12),
    offset: u32(tail, at + 16),
  };
  if (u16(tail, at + 4) !== 0 || u16(tail, at + 6) !== 0) fail('it is a part of several');
  if (u16(tail, at + 8) !== plain.entries) fail('the numbers of entries contradict each other');
  const found = await findDirectory64(archive, end);
  if (found !== undefined) {
    const agree = (small: number, whole: number, most: number): boolean => small === whole || small === most;
    if (
      !agree(plain.entries, found.entries, MAX16) ||
      !agree(plain.length, found.length, MAX32) ||
      !agree(plain.offset, found.offset, MAX32)
    ) {
      fail('the two records at its end contradict each other');
    }
  }
  const directory = found ?? plain;
  const directoryEnd = found?.record ?? end;
  if (directory.entries > MAX_ENTRIES) fail(`${directory.entries} entries, ${MAX_ENTRIES} are allowed`);
  if (directory.length > MAX_DIRECTORY_BYTES) {
    fail(`a directory of ${directory.length} bytes is announced, ${MAX_DIRECTORY_BYTES} are allowed`);
  }
  if (directory.offset + directory.length !== directoryEnd) {
    fail(`a directory of ${directory.length} bytes at byte ${directory.offset} does not end at byte ${directoryEnd}`);
  }
  return directory;
}

async function findDirectory64(
  archive: Archive,
  end: number,
): Promise<(Directory & { readonly record: number }) | undefined> {
  const { bytes, fail } = archive;
  const locatorAt = end - LOCATOR_BYTES;
  if (locatorAt < END64_BYTES) return undefined;
  const locator = await bytes(locatorAt, LOCATOR_BYTES);
  if (u32(locator, 0) !== LOCATOR) return undefined;
  if (u32(locator, 4) !== 0 || u32(locator, 16) > 1) fail('it is a part of several');
  const recordAt = number64(locator, 8, fail);
  if (recordAt > locatorAt - END64_BYTES)
    return fail(`its zip64 record at byte ${recordAt} extends past the end of the file`);
  const record = await bytes(recordAt, END64_BYTES);
  if (u32(record, 0) !== END64) fail(`there is no zip64 record at byte ${recordAt}`);
  if (u32(record, 16) !== 0 || u32(record, 20) !== 0) fail('it is a part of several');
  if (recordAt + 12 + number64(record, 4, fail) !== locatorAt) fail('its zip64 record has a wrong size');
  const entries = number64(record, 32, fail);
  if (number64(record, 24, fail) !== entries) fail('the numbers of entries contradict each other');
  return { entries, length: number64(record, 40, fail), offset: number64(record, 48, fail), record: recordAt };
}

async function readDirectory(archive: Archive, directory: Directory): Promise<CentralEntry[]> {
  const { bytes, fail } = archive;
  const all = await bytes(directory.offset, directory.length);
  const entries: CentralEntry[] = [];
  let at = 0;
  for (let i = 0; i < directory.entries; i++) {
    if (at + CENTRAL_BYTES > all.length) return fail('its directory ends early');
    const head = all.subarray(at, at + CENTRAL_BYTES);
    if (u32(head, 0) !== CENTRAL) fail(`entry ${i} of its directory has no signature`);
    const nameEnd = at + CENTRAL_BYTES + u16(head, 28);
    const extraEnd = nameEnd + u16(head, 30);
    const next = extraEnd + u16(head, 32);
    if (next > all.length) return fail('its directory ends early');
    const rawName = all.subarray(at + CENTRAL_BYTES, nameEnd);
    entries.push(centralEntry(archive, head, rawName, all.subarray(nameEnd, extraEnd)));
    at = next;
  }
  if (at !== all.length) fail('its directory is longer than its entries');
  return entries;
}

function centralEntry({ fail }: Archive, head: Uint8Array, rawName: Uint8Array, extra: Uint8Array): CentralEntry {
  const name = entryName(rawName, fail);
  const failEntry = (what: string): never => fail(`entry ${JSON.stringify(name)} ${what}`);
  const flags = u16(head, 8);
  if ((flags & ENCRYPTED) !== 0) failEntry('is encrypted');
  if (u16(head, 10) !== 0) failEntry('is compressed, and weights are used where they lie: store it');
  checkFields(extra, failEntry);
  const disk = u16(head, 34);
  if (disk !== 0 && disk !== MAX16) failEntry('lies in another part');
  const [length, packed, header] = wholeSizes([u32(head, 24), u32(head, 20), u32(head, 42)], extra, failEntry);
  if (length !== packed) failEntry(`is stored, but ${packed} bytes are to hold ${length}`);
  return { name, rawName, header: header!, length: length!, crc32: u32(head, 16), flags };
}

function entryName(raw: Uint8Array, fail: Archive['fail']): string {
  if (raw.length === 0 || raw.length > MAX_NAME_BYTES) fail(`the name of an entry has ${raw.length} bytes`);
  let name = '';
  try {
    name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    fail('the name of an entry is not valid UTF-8');
  }
  if (/[\\\0:]/.test(name) || name.startsWith('/') || name.split('/').some(part => part === '..' || part === '.')) {
    fail(`the name ${JSON.stringify(name)} of an entry leads out of the archive`);
  }
  return name;
}

/** Sizes that do not fit into 32 bits are in the zip64 field instead, in this order. */
function wholeSizes(small: readonly number[], extra: Uint8Array, fail: Archive['fail']): number[] {
  if (!small.includes(MAX32)) return [...small];
  const field = zip64Field(extra, fail);
  let at = 0;
  return small.map(size => {
    if (size !== MAX32) return size;
    at += 8;
    return at > field.length ? fail('has a zip64 field that is too short') : number64(field, at - 8, fail);
  });
}

/** Whether the extra fields of an entry, each with its length, end where it says. */
function checkFields(extra: Uint8Array, fail: Archive['fail']): void {
  let at = 0;
  while (at + 4 <= extra.length) at += 4 + u16(extra, at + 2);
  if (at > extra.length) fail('has an extra field that is longer than all of them');
}

function zip64Field(extra: Uint8Array, fail: Archive['fail']): Uint8Array {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + u16(extra, at + 2);
    if (end > extra.length) break;
    if (u16(extra, at) === ZIP64_FIELD) return extra.subarray(at + 4, end);
    at = end;
  }
  return fail('is announced as larger than 4 GB, but has no zip64 field');
}

async function placeEntries(
  archive: Archive,
  directory: Directory,
  central: readonly CentralEntry[],
): Promise<ReadonlyMap<string, ZipEntry>> {
  const placed = new Map<string, ZipEntry>();
  let end = 0;
  for (const entry of [...central].sort((a, b) => a.header - b.header)) {
    const failEntry = (what: string): never => archive.fail(`entry ${JSON.stringify(entry.name)} ${what}`);
    if (placed.has(entry.name)) failEntry('appears twice');
    if (entry.header < end) failEntry('overlaps another');
    if (entry.header + LOCAL_BYTES > directory.offset) failEntry('extends past the end of the file');
    const offset = entry.header + (await localHeaderLength(archive, directory, entry, failEntry));
    end = offset + entry.length;
    if (end > directory.offset)
      failEntry(`of ${entry.length} bytes at byte ${offset} extends past the end of the file`);
    placed.set(entry.name, { name: entry.name, offset, length: entry.length, crc32: entry.crc32 });
  }
  return placed;
}

async function localHeaderLength(
  { bytes }: Archive,
  directory: Directory,
  entry: CentralEntry,
  fail: Archive['fail'],
): Promise<number> {
  const head = await bytes(entry.header, LOCAL_BYTES);
  if (u32(head, 0) !== LOCAL) return fail(`has no header at byte ${entry.header}`);
  const [nameLength, extraLength] = [u16(head, 26), u16(head, 28)];
  const length = LOCAL_BYTES + nameLength + extraLength;
  if (entry.header + length > directory.offset) return fail('extends past the end of the file');
  const rest = await bytes(entry.header + LOCAL_BYTES, nameLength + extraLength);
  if (!isSame(rest.subarray(0, nameLength), entry.rawName)) fail('has another name before its data');
  if (u16(head, 6) !== entry.flags || u16(head, 8) !== 0) {
    fail('is described otherwise before its data');
  }
  const small = [u32(head, 22), u32(head, 18)];
  if ((entry.flags & SIZES_FOLLOW) !== 0 && small.every(size => size === 0)) return length;
  const sizes = wholeSizes(small, rest.subarray(nameLength), fail);
  if (sizes.some(size => size !== entry.length)) fail('has another size before its data');
  return length;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function u16(bytes: Uint8Array, at: number): number {
  return viewOf(bytes).getUint16(at, true);
}

function u32(bytes: Uint8Array, at: number): number {
  return viewOf(bytes).getUint32(at, true);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function number64(bytes: Uint8Array, at: number, fail: Archive['fail']): number {
  const value = viewOf(bytes).getBigUint64(at, true);
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : fail(`the number ${value} is too large for it`);
}
