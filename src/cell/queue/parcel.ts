/** @file Sends the files of a cell through the server of a queue, in pieces that are jobs of a queue of their own. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Queue } from 'bullmq';
import { UserError } from '../../error.ts';
import type { Parcel } from './cell-job.ts';

/** Files that did not arrive as they were sent. */
export class DamagedParcel extends Error {}

/** Larger cells need a shared folder. */
const MOST_BYTES = 64e6;
const PIECE_BYTES = 512 * 1024;

/** @throws UserError when the files are too many bytes */
export async function sendFiles(folder: string, queue: Queue): Promise<Parcel> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: Parcel['files'][number][] = [];
  const contents: Buffer[] = [];
  let total = 0;
  for (const entry of entries.filter(each => each.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const content = await readFile(file);
    total += content.length;
    if (total > MOST_BYTES) {
      throw new UserError(
        `the files of the cell have more than ${MOST_BYTES / 1e6} MB, which is the most that travels through a queue`,
        { remedy: 'give workers the folder of the sweep as `out`' },
      );
    }
    contents.push(content);
    const path = relative(folder, file).split(sep).join('/');
    files.push({ path, bytes: content.length, sha256: digestOf(content) });
  }
  const bytes = Buffer.concat(contents);
  const id = randomBytes(8).toString('hex');
  const pieces = Math.ceil(bytes.length / PIECE_BYTES);
  for (let i = 0; i < pieces; i++) {
    const piece = bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES).toString('base64');
    await queue.add('piece', piece, { jobId: pieceId(id, i) });
  }
  return { id, pieces, files };
}

/**
 * Writes the files into a folder.
 *
 * @throws DamagedParcel when a piece is missing or a digest is wrong
 */
export async function receiveFiles(folder: string, { id, pieces, files }: Parcel, queue: Queue): Promise<void> {
  const parts: Buffer[] = [];
  for (let i = 0; i < pieces; i++) {
    const job = await queue.getJob(pieceId(id, i));
    if (job === undefined) throw new DamagedParcel(`piece ${i + 1} of ${pieces} is missing`);
    parts.push(Buffer.from(job.data as string, 'base64'));
  }
  const bytes = Buffer.concat(parts);
  let at = 0;
  for (const { path, bytes: length, sha256 } of files) {
    const content = bytes.subarray(at, at + length);
    at += length;
    if (path.split('/').includes('..') || digestOf(content) !== sha256)
      throw new DamagedParcel(`${path} arrived damaged`);
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { flush: true });
  }
}

export async function removeParcel({ id, pieces }: Parcel, queue: Queue): Promise<void> {
  for (let i = 0; i < pieces; i++) await queue.remove(pieceId(id, i));
}

function pieceId(id: string, piece: number): string {
  return `file-${id}-${piece}`;
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
