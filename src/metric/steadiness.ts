import { cosineOfUpdates } from './cosine.ts';
import type { PerLayer } from './per-layer.ts';

/** Factor of a learning rate: a change about as small as rounding. */
export const NUDGE = 1 + 1e-6;
/** A steady rate changes at most this share of the answers, those with nearly tied labels. */
export const MOST_MOVED = 0.01;
/** The least mean cosine between the plain and the nudged update of a steady rate. */
export const LEAST_COSINE = 0.99;

/** How much finetuning at a rate depends on rounding. */
export interface Steadiness {
  /**
   * Mean over rows and layers of the cosine between the plain and the nudged update of the
   * attention output; null with `why`.
   */
  readonly cosine: number | null;
  /**
   * Share of rows for which the nudged model gives another answer; null, with `why`, if it
   * diverged.
   */
  readonly moved: number | null;
  /** moved <= MOST_MOVED and cosine >= LEAST_COSINE. */
  readonly pass: boolean;
  readonly why?: string;
}

/** The comparison of one row. */
export interface ComparedRow {
  /**
   * cos(h_plain - h_zsl, h_nudged - h_zsl) of the attention outputs in each layer; null if an
   * update is rounding.
   */
  readonly cosines: PerLayer;
  /** Whether the nudged model gives another answer. */
  readonly moved: boolean;
}

/**
 * The cosines of a row.
 * @param zeroShot attention output of the pretrained model, [L, D] flat, as the others
 */
export function cosinesOfNudge(
  {
    plain,
    nudged,
    zeroShot,
  }: { readonly plain: Float32Array; readonly nudged: Float32Array; readonly zeroShot: Float32Array },
  layers: number,
): PerLayer {
  const width = zeroShot.length / layers;
  return Array.from({ length: layers }, (_, layer) => cosineOfUpdates(plain, nudged, zeroShot, layer * width, width));
}

/**
 * Compares finetuning at a rate with finetuning at NUDGE times the rate. Steps that are too long
 * for the curvature of the loss amplify any small difference between two runs, rounding included:
 * the nudge then moves the result as far as another processor would.
 *
 *     cosine = mean over rows i and layers l of cos(h_plain[i,l] - h_zsl[i,l], h_nudged[i,l] - h_zsl[i,l])
 *
 * Rows and layers whose update is rounding are left out; if none remains, the rate does not pass.
 */
export function steadiness(rows: readonly ComparedRow[]): Steadiness {
  if (rows.length === 0) throw new Error('steadiness: no rows');
  const moved = rows.filter(row => row.moved).length / rows.length;
  const cosines = rows.flatMap(row => row.cosines).filter(cosine => cosine !== null);
  if (cosines.length === 0) {
    return { cosine: null, moved, pass: false, why: 'every update of the attention output is rounding' };
  }
  const cosine = cosines.reduce((sum, each) => sum + each, 0) / cosines.length;
  return { cosine, moved, pass: moved <= MOST_MOVED && cosine >= LEAST_COSINE };
}

/** The result for a rate that diverges when nudged. */
export const DIVERGED: Steadiness = {
  cosine: null,
  moved: null,
  pass: false,
  why: 'finetuning diverges when the learning rate is nudged by a millionth',
};
