import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../files/atomic-file.ts';
import { cacheDirectory } from '../files/cache-directory.ts';
import { canonicalJson, type Json } from '../files/canonical-json.ts';

const DIGEST_BYTES = 32;

/**
 * Returns the content for a key from the cache directory, or makes it and stores it there. The file
 * begins with the SHA-256 of the content; a damaged file is made again. If the cache cannot be
 * written, the content is made each time.
 */
export async function remembered(key: Json, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const name = createHash('sha256').update(canonicalJson(key)).digest('hex');
  const file = join(cacheDirectory(), 'corpora', name);
  const known = await readFile(file).catch(() => undefined);
  if (known !== undefined) {
    const content = known.subarray(DIGEST_BYTES);
    if (digestOf(content).equals(known.subarray(0, DIGEST_BYTES))) return Uint8Array.from(content);
  }
  const content = await make();
  const bytes = Buffer.concat([digestOf(content), content]);
  await writeAtomically(file, bytes.length, handle => handle.writeFile(bytes)).catch(() => undefined);
  return content;
}

function digestOf(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}
