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
  short_factor: z.array(z.number().positive()).optional(),
  long_factor: z.array(z.number().positive()).optional(),
  attention_factor: z.number().positive().nullish(),
});

/** The keys of a configuration that speak of rotary positions, in the old form (rope_theta, rope_scaling) and the new one (rope_parameters). */
export const ropeSchema = z.object({
  rope_theta: z.number().positive().nullish(),
  rope_scaling: scaling.nullish(),
  rope_parameters: scaling.nullish(),
});

/** The keys of a configuration that rotary positions follow from. */
export type RopeConfig = z.output<typeof ropeSchema> & {
  readonly max_position_embeddings?: number;
  readonly original_max_position_embeddings?: number | null | undefined;
};

/** Rotary positions of a model, or of some of its layers. */
export interface Rope {
  /** Radians a position for each pair of a head. */
  readonly frequencies: Float32Array;
  /** Rotated vectors are multiplied by it. */
  readonly scale: number;
  /** The longest sequence that is rotated so. */
  readonly longest: number;
}

/**
 * Angles a position for each pair of a head: theta^(-2j / width), in float32 as torch has them. With scaling `linear` they are
 * divided by the factor; with `llama3` only the slow ones are (Llama 3.1: wavelengths above original / low_freq_factor are
 * divided, those below original / high_freq_factor stay, between them a straight line). With `longrope` (Ding et al. 2024) each has a
 * divisor of its own, one for sequences up to the original length and another for longer ones, which change the positions of all tokens: these
 * models run up to the original length.
 *
 * @param width numbers of a head that are rotated, in pairs
 * @throws UserError for any other scaling, by its name, and for an odd width
 */
export function readRope(config: RopeConfig, width: number, source: string): Rope {
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
  const always = (frequencies: Float32Array): Rope => ({ frequencies, scale: 1, longest: Number.POSITIVE_INFINITY });
  switch (type) {
    case 'default':
      return always(plain);
    case 'linear':
      return always(plain.map(frequency => frequency / required('factor')));
    case 'llama3': {
      const factor = required('factor');
      const [low, high] = [required('low_freq_factor'), required('high_freq_factor')];
      const original = required('original_max_position_embeddings');
      return always(
        plain.map(frequency => {
          const turns = (original * frequency) / (2 * Math.PI);
          if (turns < low) return frequency / factor;
          if (turns > high) return frequency;
          const smooth = (turns - low) / (high - low);
          return ((1 - smooth) * frequency) / factor + smooth * frequency;
        }),
      );
    }
    case 'longrope':
      return longRope(config, parameters, plain, source);
    default:
      throw new UserError(
        `${source}: rope scaling '${type}' is not supported; supported are default, linear, llama3, longrope`,
      );
  }
}

function longRope(config: RopeConfig, parameters: z.output<typeof scaling>, plain: Float32Array, source: string): Rope {
  const { short_factor: short, long_factor: long } = parameters;
  if (short?.length !== plain.length || long?.length !== plain.length) {
    throw new UserError(
      `${source}: rope scaling 'longrope' needs short_factor and long_factor, each a list of ${plain.length} numbers`,
    );
  }
  const whole = config.max_position_embeddings ?? Number.POSITIVE_INFINITY;
  const original = config.original_max_position_embeddings ?? parameters.original_max_position_embeddings ?? whole;
  const factor = parameters.factor ?? whole / original;
  const usual = factor > 1 ? Math.sqrt(1 + Math.log(factor) / Math.log(original)) : 1;
  const same = short.every((divisor, j) => divisor === long[j]);
  return {
    frequencies: plain.map((frequency, j) => frequency / short[j]!),
    scale: parameters.attention_factor ?? usual,
    longest: same ? Number.POSITIVE_INFINITY : original,
  };
}
