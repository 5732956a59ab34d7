import { setImmediate } from 'node:timers/promises';
import {
  kendallOfAttention,
  type TrainingTokens,
  trainingAttention,
} from '../../metric/attention-to-training-tokens.ts';
import type { ArmRecord } from './arm-record.ts';

/** What Kendall reads at the taps of the queries of a task. */
export interface KendallQueries {
  /** Of `I/d/same`: scores to the prefix, [L, P] of each query. */
  readonly contextScores: readonly Float32Array[];
  /** Of `F/d/same`: scaled queries, [L, H*dh] of each query. */
  readonly finetuned: readonly Float32Array[];
  /** Of `Z`. */
  readonly untouched: readonly Float32Array[];
}

/**
 * Kendall of each query and layer, with its nulls: the queries of the untouched model, and the
 * finetuned query of the next row (the first after the last). Requests that were made before are
 * answered meanwhile.
 */
export async function kendallOfArm(
  { contextScores, finetuned, untouched }: KendallQueries,
  training: TrainingTokens,
): Promise<NonNullable<ArmRecord['kendall']>> {
  const attention = await forEachRow(finetuned.length, row => trainingAttention(finetuned[row]!, training));
  const with_ = (attentionOf: (row: number) => readonly Float64Array[]) =>
    forEachRow(contextScores.length, row => kendallOfAttention(contextScores[row]!, attentionOf(row), training));
  return {
    finetuned: await with_(row => attention[row]!),
    untouched: await with_(row => trainingAttention(untouched[row]!, training)),
    permutedRows: await with_(row => attention[(row + 1) % attention.length]!),
  };
}

/** Lets the answers of the compute process in between: it waits until each is read. */
async function forEachRow<T>(rows: number, work: (row: number) => T): Promise<readonly T[]> {
  const done: T[] = [];
  for (let row = 0; row < rows; row++) {
    await setImmediate();
    done.push(work(row));
  }
  return done;
}
