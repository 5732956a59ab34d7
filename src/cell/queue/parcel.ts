/** @file Sends the files of a cell through the server of a queue, in pieces that are jobs of a queue of their own. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Job, Queue } from 'bullmq';
import { UserError } from '../../error.ts';
import { type Cell, nameOfCell } from '../cell.ts';
import type { Parcel } from './cell-job.ts';

/** Files that did not arrive as they were sent. */
export class DamagedParcel extends Error {}

/** Larger cells need a shared folder. */
const MOST_BYTES = 64e6;
const PIECE_BYTES = 512 * 1024;

/**
 * Sends the files of a folder, in place of what an earlier worker sent of this cell.
 *
 * @param check throws where another worker has the cell now
 * @throws UserError when the files are too many bytes
 */
export async function sendFiles(
  { folder, cell, check }: { readonly folder: string; readonly cell: Cell; readonly check: () => Promise<void> },
  queue: Queue,
): Promise<Parcel> {
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
  await check();
  await removePieces(cell, queue);
  const pieces = Math.ceil(bytes.length / PIECE_BYTES);
  for (let i = 0; i < pieces; i++) {
    const piece = bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES).toString('base64');
    await check();
    await queue.add('piece', piece, { jobId: pieceId(cell, i) });
  }
  return { pieces, files };
}

/**
 * Writes the files into a folder.
 *
 * @param jobOf the job of a name
 * @throws DamagedParcel when a piece is missing or a digest is wrong
 */
export async function receiveFiles(
  folder: string,
  { cell, pieces, files }: Parcel & { readonly cell: Cell },
  jobOf: (id: string) => Promise<Job | undefined>,
): Promise<void> {
  const parts: Buffer[] = [];
  for (let i = 0; i < pieces; i++) {
    const job = await jobOf(pieceId(cell, i));
    if (job === undefined) throw new DamagedParcel(`piece ${i + 1} of ${pieces} is missing`);
    parts.push(Buffer.from(job.data as string, 'base64'));
  }
  const bytes = Buffer.concat(parts);
  let at = 0;
  for (const { path, bytes: length, sha256 } of files) {
    const content = bytes.subarray(at, at + length);
    at += length;
    if (path.split(/[\\/]/).includes('..') || digestOf(content) !== sha256)
      throw new DamagedParcel(`${path} arrived damaged`);
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { flush: true });
  }
}

/** Removes what was sent of a cell. From the last piece on, so that an interrupted call leaves no gap. */
export async function removePieces(cell: Cell, queue: Queue): Promise<void> {
  let count = 0;
  while ((await queue.getJobState(pieceId(cell, count))) !== 'unknown') count++;
  while (count > 0) await queue.remove(pieceId(cell, --count));
}

function pieceId(cell: Cell, piece: number): string {
  return `file-${nameOfCell(cell)}-${piece}`;
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
