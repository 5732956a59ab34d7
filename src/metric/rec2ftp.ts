import type { Bounds } from '../statistics/interval.ts';
import { wilson } from '../statistics/wilson.ts';

/** Label ids, all in the same order of examples; a setting that was not run is absent. */
export interface Predictions {
  readonly gold: ArrayLike<number>;
  readonly zeroShot?: ArrayLike<number> | undefined;
  readonly inContext?: ArrayLike<number> | undefined;
  readonly finetuned?: ArrayLike<number> | undefined;
}

const NONE: Bounds = { low: null, high: null, why: 'there is no value' };

export interface Rec2FTP {
  /** Percent, or null with `why`. */
  readonly value: number | null;
  readonly numerator: number | null;
  readonly denominator: number | null;
  readonly why?: string;
  /** Wilson's interval, in percent. */
  readonly interval: Bounds;
}

/**
 * Recall to finetuning predictions (Dai et al.): of the examples that finetuning corrects
 * (zero-shot wrong, finetuned right), the percentage that in-context gets right too. Null with
 * `why` if there is none, or a setting was not run.
 */
export function rec2ftp({ gold, zeroShot, inContext, finetuned }: Predictions): Rec2FTP {
  if (!zeroShot || !inContext || !finetuned) {
    const why = 'needs the settings zero-shot, in-context and finetuned';
    return { value: null, numerator: null, denominator: null, why, interval: NONE };
  }
  for (const predicted of [zeroShot, inContext, finetuned]) {
    if (predicted.length !== gold.length) {
      throw new RangeError(`rec2ftp: ${gold.length} gold labels and ${predicted.length} predictions`);
    }
  }
  let [numerator, denominator] = [0, 0];
  for (let i = 0; i < gold.length; i++) {
    if (zeroShot[i] === gold[i] || finetuned[i] !== gold[i]) continue;
    denominator++;
    if (inContext[i] === gold[i]) numerator++;
  }
  const found = wilson(numerator, denominator);
  if (found === null) {
    const why = 'finetuning puts right no example that zero-shot gets wrong';
    return { value: null, numerator, denominator, why, interval: NONE };
  }
  const interval = { low: 100 * found.low, high: 100 * found.high };
  return { value: (100 * numerator) / denominator, numerator, denominator, interval };
}
