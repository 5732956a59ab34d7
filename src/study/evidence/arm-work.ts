import type { Arm } from './arm.ts';
import type { TaskSequences } from './tokens.ts';

/** Time of a token in a query, in a step and in a layer-causal step, in those of a prefix. */
const QUERY = 1.7;
const STEP = 5.5;
const LAYER_CAUSAL = 35;

/**
 * About how long an arm takes, against other arms of its model: tokens, each times what one of its
 * kind takes.
 */
export function armWork({ setting, seed, variant, initialisation }: Arm, sequences: TaskSequences): number {
  const { plan, queries } = sequences;
  const rows = initialisation === 0 && (variant === null || variant === 'same') ? plan.behaviourRows : plan.rows;
  const answering = QUERY * tokensOf(queries.slice(0, rows).map(({ tokens }) => tokens));
  if (seed === null || variant === null) return answering;
  const { set } = sequences.setOf(seed, variant);
  if (set === null) return 0;
  if (setting === 'in-context') return answering + set.prefixTokens.length;
  if (variant === 'random') return answering;
  return answering + (variant === 'layer-causal' ? LAYER_CAUSAL : STEP) * tokensOf(set.finetuning);
}

function tokensOf(sequences: readonly (readonly number[])[]): number {
  return sequences.reduce((sum, { length }) => sum + length, 0);
}
