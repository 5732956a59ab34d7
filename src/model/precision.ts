/**
 * @file Half precision: matrices of weights and the products of the forward pass in float16, all else
 * in float32 (`half-precision.ts`). A checkpoint carries it in its configuration, so that every plan
 * and signature that fixes the configuration fixes it too.
 */
import type { Precision } from '../device.ts';

interface WithConfig {
  readonly config: Readonly<Record<string, unknown>>;
}

const KEY = 'precision';

/** The checkpoint computed in a precision. */
export function runInPrecision<C extends WithConfig>(checkpoint: C, precision: Precision | undefined): C {
  const { [KEY]: _, ...config } = checkpoint.config;
  if (precision === 'float16') return { ...checkpoint, config: { ...config, [KEY]: precision } };
  return KEY in checkpoint.config ? { ...checkpoint, config } : checkpoint;
}

export function precisionOf({ config }: WithConfig): Precision {
  return config[KEY] === 'float16' ? 'float16' : 'float32';
}
