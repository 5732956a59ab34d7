/** Label ids in one order of examples; a setting that was not run is absent. */
export interface Predictions {
  readonly gold: ArrayLike<number>;
  readonly zeroShot?: ArrayLike<number>;
  readonly inContext?: ArrayLike<number>;
  readonly finetuned?: ArrayLike<number>;
}

export interface Rec2FTP {
  /** Percent, or null with `why`. */
  readonly value: number | null;
  readonly numerator: number | null;
  readonly denominator: number | null;
  readonly why?: string;
}

/** Of the examples that zero-shot gets wrong, how many the other settings put right. */
export interface Corrections {
  readonly zeroShotWrong: number;
  readonly byInContext: number;
  readonly byFinetuning: number;
  readonly byBoth: number;
}

/**
 * Recall to finetuning predictions (Dai et al.): of the examples that finetuning puts right (zero-shot
 * wrong, finetuned right), the percentage that in-context gets right too. Null with `why` when there is none, or a
 * setting was not run.
 */
export function rec2ftp({ gold, zeroShot, inContext, finetuned }: Predictions): Rec2FTP {
  if (!zeroShot || !inContext || !finetuned) {
    const why = 'needs the settings zero-shot, in-context and finetuned';
    return { value: null, numerator: null, denominator: null, why };
  }
  const { byBoth: numerator, byFinetuning: denominator } = corrections({ gold, zeroShot, inContext, finetuned });
  if (denominator === 0) {
    const why = 'finetuning puts right no example that zero-shot gets wrong';
    return { value: null, numerator, denominator, why };
  }
  return { value: (100 * numerator) / denominator, numerator, denominator };
}

export function corrections({ gold, zeroShot, inContext, finetuned }: Required<Predictions>): Corrections {
  for (const predicted of [zeroShot, inContext, finetuned]) {
    if (predicted.length !== gold.length) {
      throw new RangeError(`rec2ftp: ${gold.length} gold labels and ${predicted.length} predictions`);
    }
  }
  let zeroShotWrong = 0;
  let byInContext = 0;
  let byFinetuning = 0;
  let byBoth = 0;
  for (let i = 0; i < gold.length; i++) {
    if (zeroShot[i] === gold[i]) continue;
    const inContextRight = inContext[i] === gold[i];
    const finetunedRight = finetuned[i] === gold[i];
    zeroShotWrong++;
    if (inContextRight) byInContext++;
    if (finetunedRight) byFinetuning++;
    if (inContextRight && finetunedRight) byBoth++;
  }
  return { zeroShotWrong, byInContext, byFinetuning, byBoth };
}
