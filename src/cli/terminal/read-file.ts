import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../../error.ts';
import { fileError } from '../../files/file-bytes.ts';

const MOST_BYTES = 100_000_000;

/** A file that an option names, whole. @throws UserError naming it */
export async function readInput(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) throw new UserError(`${file}: has ${size} bytes; the limit is ${MOST_BYTES}`);
    return await readFile(file);
  } catch (error) {
    throw fileError(file, error);
  }
}
