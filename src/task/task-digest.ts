import { createHash } from 'node:crypto';

/** SHA-256 (hex) over what fixes a task; `rows` stands for the rows and their order. */
export function taskDigest(template: string, labels: readonly string[], rows: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const piece of jsonPieces(['dualform.task/1', template, labels, rows])) hash.update(piece);
  return hash.digest('hex');
}

/** What `JSON.stringify` gives, in pieces: the rows of a large task are longer than a string may be. */
function* jsonPieces(value: unknown): Generator<string> {
  if (!Array.isArray(value)) return yield JSON.stringify(value);
  yield '[';
  for (const [i, entry] of value.entries()) {
    if (i > 0) yield ',';
    yield* jsonPieces(entry);
  }
  yield ']';
}
