import { UserError } from '../../error.ts';
import { permutation } from '../../task/permutation.ts';
import type { Row } from '../../task/row.ts';
import { chooseDemonstrations } from '../../task/sequence.ts';
import type { Subject } from '../prepare.ts';

const SHUFFLE_SEED = 0;

/**
 * The first `wanted` training rows of a fixed shuffle that are demonstrations of no candidate seed,
 * whose prompt no evaluation row has, and that are no longer than the longest evaluation row, so
 * that they fit after any demonstrations.
 *
 * @throws UserError when no row is left
 */
export function validationRows(
  { task, tokenizer }: Subject,
  { seeds, shots, wanted }: { readonly seeds: readonly number[]; readonly shots: number; readonly wanted: number },
): readonly Row[] {
  const demonstrations = new Set(seeds.flatMap(seed => chooseDemonstrations(task, seed, shots).map(({ id }) => id)));
  const evaluated = task.evaluation().map(row => task.prompt(row));
  const unseen = new Set(evaluated);
  const longest = tokenizer.encodeAll(evaluated).reduce((most, { length }) => Math.max(most, length), 0);
  const train = task.train();
  const rows: Row[] = [];
  for (const i of permutation(SHUFFLE_SEED, train.length)) {
    const row = train[i]!;
    const prompt = task.prompt(row);
    if (demonstrations.has(row.id) || unseen.has(prompt) || tokenizer.encode(prompt).length > longest) continue;
    rows.push(row);
    if (rows.length === wanted) break;
  }
  if (rows.length > 0) return rows;
  throw new UserError(`task ${task.name}: no training row is left to validate on`, {
    remedy: 'give fewer `seeds` or `shots`, or more training rows',
  });
}
