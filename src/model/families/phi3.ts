import { llamaLike } from './llama.ts';

/** The names that Phi 3 was published with for LongRoPE. */
const LONGROPE = ['su', 'yarn'];

const build = llamaLike({
  family: 'phi3',
  biases: () => ({ queryKeyValue: false, output: false }),
  window: c => c.sliding_window ?? undefined,
  fused: true,
  rotatesPart: true,
  defaults: { max_position_embeddings: 4096, original_max_position_embeddings: 4096, rms_norm_eps: 1e-5 },
});

/**
 * Llama with one tensor for the maps of queries, keys and values and one for those of gate and up, rotary positions on a part of each head,
 * LongRoPE (Abdin et al. 2024).
 */
export function phi3(config: Readonly<Record<string, unknown>>, source: string) {
  const named = (key: string) => {
    const parameters = config[key] as Readonly<Record<string, unknown>> | null | undefined;
    const type = parameters?.rope_type ?? parameters?.type;
    return LONGROPE.includes(type as string) ? { [key]: { ...parameters, rope_type: 'longrope' } } : {};
  };
  return build({ ...config, ...named('rope_scaling'), ...named('rope_parameters') }, source);
}
