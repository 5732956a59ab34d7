import type { LoadedModel, Projections } from '../../model/loaded-model.ts';
import { emptyPrefix } from '../../model/prefix.ts';
import { observe } from '../../observe/observe.ts';
import { batches } from '../../task/batches.ts';

/** Every token of a sequence is read, and logits of many take hundreds of megabytes. */
const BATCH = 4;

/**
 * Mean next-token cross-entropy of each sequence with the given projections, in nats, as
 * `setting.sequenceLosses`, but several in one pass of the graph that observes queries: no other
 * graph needs to be open.
 *
 * @param sequences token ids, each with its BOS, at least two tokens long
 */
export async function heldOutLosses(
  model: LoadedModel,
  projections: Projections,
  sequences: readonly (readonly number[])[],
): Promise<readonly number[]> {
  const setting = { prefix: emptyPrefix(model.decoder), projections };
  const fed = sequences.map(tokens => ({ tokens, tap: 0, reads: [...tokens.keys()].slice(0, -1) }));
  const losses: number[] = [];
  const passes = batches(fed, { size: BATCH }).map(async batch => {
    const queries = batch.map(i => fed[i]!);
    const labels = [...new Set(queries.flatMap(({ tokens }) => tokens))];
    const column = new Map(labels.map((token, c) => [token, c]));
    const observed = await observe(model, setting, queries, { labels, doing: 'computing the losses of held-out rows' });
    for (const [b, i] of batch.entries()) {
      const { logProbabilities } = observed.queries[b]!;
      const next = logProbabilities.map((row, t) => row[column.get(fed[i]!.tokens[t + 1]!)!]!);
      losses[i] = -next.reduce((sum, x) => sum + x, 0) / next.length;
    }
  });
  await Promise.all(passes);
  return losses;
}
