import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { writeFully } from './atomic-file.ts';
import { fileError } from './file-bytes.ts';

const KEPT = '; what was stored before is kept, the same command resumes from there';

/** A file of JSON lines that grows batch by batch. */
export interface RecordFile {
  /** The complete lines that were found, from the first on. */
  readonly lines: readonly string[];
  /** Drops everything after the first `count` of those lines. */
  cut(count: number): Promise<void>;
  /** Appends text; it is on disk when the promise resolves. */
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens or makes the file. An incomplete last line is not among `lines`.
 *
 * @throws UserError when the disk refuses
 */
export async function openRecordFile(path: string): Promise<RecordFile> {
  const refused = (error: unknown): never => {
    throw fileError(path, error, KEPT);
  };
  let handle: FileHandle;
  let bytes: Buffer;
  try {
    handle = await open(path, constants.O_RDWR | constants.O_CREAT);
    bytes = await handle.readFile();
  } catch (error) {
    return refused(error);
  }
  const lines = bytes.toString('utf8').split('\n').slice(0, -1);
  let end = bytes.length;
  return {
    lines,
    cut: async count => {
      const start = lines.slice(0, count).reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
      if (start !== end) await handle.truncate(start).catch(refused);
      end = start;
    },
    append: async text => {
      const added = Buffer.from(text);
      try {
        await writeFully(handle, added, end);
        await handle.datasync();
      } catch (error) {
        refused(error);
      }
      end += added.length;
    },
    close: () => handle.close(),
  };
}
