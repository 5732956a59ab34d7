/** @file What an arm leaves: `<task>/arms/<name>.json` and `.safetensors`. */
import type { SettingName } from '../../setting/setting-name.ts';

/** `<task>/arms/<name>.json` of an arm that was computed. */
export type ArmRecord = {
  readonly arm: string;
  readonly setting: SettingName;
  /** `trained`, or `untrained-1` after the number of the initialisation. */
  readonly model: string;
  readonly seed: number | null;
  readonly variant: string | null;
  /** Null where nothing is finetuned. */
  readonly learningRate: number | null;
  /** What each step minimises, before it; empty where nothing is finetuned. */
  readonly losses: readonly number[];
  /** Frobenius norm of the change of all projections together; null where nothing is finetuned. */
  readonly step: { readonly norm: number } | null;
  /**
   * Mean next-token cross-entropy of the 16 training rows after the demonstrations, before and
   * after finetuning; in the trained F/d/same only.
   */
  readonly heldOut?: { readonly before: readonly number[]; readonly after: readonly number[] };
  /**
   * Kendall per query and layer in the trained F/d/same (`metric.kendall`): with the queries of the
   * finetuned model, with those of the untouched model, and over permuted rows; null per layer
   * where undefined.
   */
  readonly kendall?: {
    readonly finetuned: readonly (readonly (number | null)[])[];
    readonly untouched: readonly (readonly (number | null)[])[];
    /** In-context attention of row i against the finetuned query of row i + 1 (cyclic). */
    readonly permutedRows: readonly (readonly (number | null)[])[];
  };
  /** [rows][C]. */
  readonly logProbabilities: readonly (readonly number[])[];
  readonly seconds: number;
};

/** An arm that could not be computed: finetuning diverged, or the set has no such variant. */
export type MissingArm = { readonly arm: string; readonly why: string };

export type StoredArm = ArmRecord | MissingArm;

/** An arm in memory. */
export interface ArmData {
  readonly record: ArmRecord;
  /** [R, L, D]. */
  readonly attentionOutput: Float32Array;
  /** [sum of T_i, L, H], raw scaled scores to the query's own tokens. */
  readonly scores: Float32Array;
  /** [R + 1]: the tokens of row i are offsets[i] to offsets[i + 1]. */
  readonly offsets: readonly number[];
}
