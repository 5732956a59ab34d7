import { createHash } from 'node:crypto';

/**
 * SHA-256 (hex) over everything that determines a task.
 *
 * @param rows the rows in order, or their digests
 */
export function taskDigest(template: string, labels: readonly string[], rows: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const piece of jsonPieces(['dualform.task/1', template, labels, rows])) hash.update(piece);
  return hash.digest('hex');
}

/**
 * The output of `JSON.stringify` in pieces, because the rows of a large task exceed the longest
 * string.
 */
function* jsonPieces(value: unknown): Generator<string> {
  if (!Array.isArray(value)) return yield JSON.stringify(value);
  yield '[';
  for (const [i, entry] of value.entries()) {
    if (i > 0) yield ',';
    yield* jsonPieces(entry);
  }
  yield ']';
}
