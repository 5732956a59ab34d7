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
 * finetuned query of the next row (the first after the last).
 */
export function kendallOfArm(
  { contextScores, finetuned, untouched }: KendallQueries,
  training: TrainingTokens,
): NonNullable<ArmRecord['kendall']> {
  const attention = finetuned.map(query => trainingAttention(query, training));
  const with_ = (attentionOf: (row: number) => readonly Float64Array[]) => {
    return contextScores.map((scores, row) => kendallOfAttention(scores, attentionOf(row), training));
  };
  return {
    finetuned: with_(row => attention[row]!),
    untouched: with_(row => trainingAttention(untouched[row]!, training)),
    permutedRows: with_(row => attention[(row + 1) % attention.length]!),
  };
}
