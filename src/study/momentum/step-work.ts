import { readDecoder } from '../../model/families/index.ts';
import { trainingFlops } from '../../train/work.ts';

/** What a step of training takes. */
export interface StepWork {
  readonly tokens: number;
  readonly flops: number;
}

/** A step on B sequences of T tokens. Momentum adds next to nothing. */
export function stepWork(config: Readonly<Record<string, unknown>>, B: number, T: number): StepWork {
  return { tokens: B * T, flops: trainingFlops(readDecoder(config, 'the model of the study'), { B, T }) };
}
