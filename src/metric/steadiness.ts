import { correct } from './accuracy.ts';
import { cosineOfUpdates } from './cosine.ts';

/** Times a learning rate: a change as small as rounding makes. */
export const NUDGE = 1 + 1e-6;
/** A steady rate moves at most this share of the answers: rows whose two best labels are as good as tied. */
export const MOST_MOVED = 0.01;
/** The least mean cosine between the plain and the nudged update of a steady rate. */
export const LEAST_COSINE = 0.99;

/** How far finetuning at a rate depends on rounding. */
export interface Steadiness {
  /** Mean over rows and layers of the cosine between the plain and the nudged update of the attention output; null with `why`. */
  readonly cosine: number | null;
  /** Share of the rows that the nudged model answers otherwise; null, with `why`, where it diverged. */
  readonly moved: number | null;
  /** moved <= MOST_MOVED and cosine >= LEAST_COSINE. */
  readonly pass: boolean;
  readonly why?: string;
}

/** One model's answers to the same rows. */
export interface AnsweredRows {
  /** Label ids. */
  readonly labels: readonly number[];
  /** [L, D] flat, row by row. */
  readonly attentionOutputs: readonly Float32Array[];
}

/**
 * Compares finetuning at a rate with finetuning at NUDGE times the rate. Steps that are too long for the curvature of the loss enlarge
 * any small difference between two runs, rounding included: then the nudge moves the result as far as another processor would.
 *
 *     cosine = mean over rows i and layers l of cos(h_plain[i,l] - h_zsl[i,l], h_nudged[i,l] - h_zsl[i,l])
 *
 * Rows and layers whose update is rounding are left out; without any other the rate does not pass.
 *
 * @param zeroShot attention outputs of the pretrained model, [L, D] flat, row by row
 */
export function steadiness(
  plain: AnsweredRows,
  nudged: AnsweredRows,
  zeroShot: readonly Float32Array[],
  layers: number,
): Steadiness {
  const rows = plain.labels.length;
  if (rows === 0) throw new Error('steadiness: no rows');
  const moved = (rows - correct(plain.labels, nudged.labels)) / rows;
  let sum = 0;
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const base = zeroShot[row]!;
    const width = base.length / layers;
    for (let layer = 0; layer < layers; layer++) {
      const start = layer * width;
      const cosine = cosineOfUpdates(plain.attentionOutputs[row]!, nudged.attentionOutputs[row]!, base, start, width);
      if (cosine === null) continue;
      sum += cosine;
      count++;
    }
  }
  if (count === 0) {
    return { cosine: null, moved, pass: false, why: 'every update of the attention output is rounding' };
  }
  const cosine = sum / count;
  return { cosine, moved, pass: moved <= MOST_MOVED && cosine >= LEAST_COSINE };
}

/** Of a rate that diverges when it is nudged. */
export const DIVERGED: Steadiness = {
  cosine: null,
  moved: null,
  pass: false,
  why: 'finetuning diverges when the learning rate is nudged by a millionth',
};
