import { createHash } from 'node:crypto';
import { fileDigest } from '../files/digest.ts';
import type { OpenProgress } from './open-options.ts';

/**
 * SHA-256 (hex) over the weight files of a model: of the file itself, or of the digests of several
 * files.
 */
export async function modelDigest(
  files: readonly string[],
  onProgress?: (progress: OpenProgress) => void,
): Promise<string> {
  const digests: string[] = [];
  for (const [i, file] of files.entries()) {
    const stage = files.length === 1 ? 'checking the model file' : `checking model file ${i + 1} of ${files.length}`;
    digests.push(await fileDigest(file, (done, total) => onProgress?.({ stage, done, total })));
  }
  return digests.length === 1 ? digests[0]! : createHash('sha256').update(digests.join('\n')).digest('hex');
}
