import { z } from 'zod';
import { UserError } from '../../error.ts';

const scaling = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  partial_rotary_factor: z.number().positive().max(1).optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: z.number().positive().optional(),
});

/** The keys of a configuration that speak of rotary positions, in the old form (rope_theta, rope_scaling) and the new one (rope_parameters). */
export const ropeSchema = z.object({
  rope_theta: z.number().positive().nullish(),
  rope_scaling: scaling.nullish(),
  rope_parameters: scaling.nullish(),
});

/**
 * Angles a position for each pair of a head: theta^(-2j / width), in float32 as torch has them. With scaling `linear` they are
 * divided by the factor; with `llama3` only the slow ones are (Llama 3.1: wavelengths above original / low_freq_factor are
 * divided, those below original / high_freq_factor stay, between them a straight line).
 *
 * @param width numbers of a head that are rotated, in pairs
 * @throws UserError for any other scaling, by its name, and for an odd width
 */
export function ropeFrequencies(config: z.output<typeof ropeSchema>, width: number, source: string): Float32Array {
  if (width < 2 || width % 2 !== 0) {
    throw new UserError(`${source}: rotary positions on ${width} numbers of a head: must be an even number from 2 on`);
  }
  const parameters = config.rope_parameters ?? config.rope_scaling ?? {};
  const theta = config.rope_parameters?.rope_theta ?? config.rope_theta ?? 10000;
  const type = parameters.rope_type ?? parameters.type ?? 'default';
  const plain = Float32Array.from({ length: width / 2 }, (_, j) => 1 / theta ** ((2 * j) / width));
  const required = (key: 'factor' | 'low_freq_factor' | 'high_freq_factor' | 'original_max_position_embeddings') => {
    const value = parameters[key];
    if (value === undefined) throw new UserError(`${source}: rope scaling '${type}' needs ${key}`);
    return value;
  };
  switch (type) {
    case 'default':
      return plain;
    case 'linear':
      return plain.map(frequency => frequency / required('factor'));
    case 'llama3': {
      const factor = required('factor');
      const [low, high] = [required('low_freq_factor'), required('high_freq_factor')];
      const original = required('original_max_position_embeddings');
      return plain.map(frequency => {
        const turns = (original * frequency) / (2 * Math.PI);
        if (turns < low) return frequency / factor;
        if (turns > high) return frequency;
        const smooth = (turns - low) / (high - low);
        return ((1 - smooth) * frequency) / factor + smooth * frequency;
      });
    }
    default:
      throw new UserError(`${source}: rope scaling '${type}' is not supported; supported are default, linear, llama3`);
  }
}
