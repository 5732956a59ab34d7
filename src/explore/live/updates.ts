import { norm } from '../../metric/cosine.ts';
import { simAOUUnnormalised } from '../../metric/sim-aou.ts';
import type { Updates } from './answer.ts';

/** Attention outputs of the query, each [L, D]. */
export interface Outputs {
  readonly zeroShot: Float32Array;
  readonly inContext: Float32Array;
  readonly finetuned: Float32Array;
}

/** Another in-context output by the name of its null, or why there is none. */
export interface NullOutput {
  readonly name: string;
  readonly output?: Float32Array;
  readonly why?: string;
}

/** Compares the updates of both kinds of learning, layer by layer. */
export function compareUpdates(outputs: Outputs, nulls: readonly NullOutput[], layers: number): Updates {
  const { zeroShot, inContext, finetuned } = outputs;
  return {
    cosine: simAOUUnnormalised(outputs, layers),
    nulls: nulls.map(({ name, output, why }) => ({
      name,
      ...(output && { cosine: simAOUUnnormalised({ zeroShot, inContext: output, finetuned }, layers) }),
      ...(why !== undefined && { why }),
    })),
    inContextSize: sizes(inContext, zeroShot, layers),
    finetunedSize: sizes(finetuned, zeroShot, layers),
  };
}

/** |a - base| / |base| in each layer. */
function sizes(a: Float32Array, base: Float32Array, layers: number): readonly number[] {
  const width = base.length / layers;
  const difference = a.map((x, i) => x - base[i]!);
  return Array.from({ length: layers }, (_, l) => norm(difference, l * width, width) / norm(base, l * width, width));
}
