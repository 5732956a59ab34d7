/**
 * @file Angles of rotary positions (Su et al. 2021) and their scalings, as transformers computes
 * them.
 */
import { UserError } from '../../error.ts';
import type { RopeParameters } from './rope-parameters.ts';

/** Rotary positions of a model, or of some of its layers. */
export interface Rope {
  /** Radians per position for each pair of a head. */
  readonly frequencies: Float32Array;
  /** Multiplies rotated vectors. */
  readonly scale: number;
  /** The longest sequence with these angles. */
  readonly longest: number;
}

/** What rotary positions depend on besides their parameters. */
export interface RopePlace {
  readonly headDim: number;
  /** `max_position_embeddings` */
  readonly context: number;
  /**
   * Whether a part of each head can stay unrotated. Where it cannot, transformers ignores a share
   * without scaling, and so does this.
   */
  readonly partial: boolean;
  readonly source: string;
}

/** The parameters of a scaling. */
interface Scaled {
  readonly parameters: RopeParameters;
  /** theta^(-2j / width) for width / 2 pairs of a head. */
  readonly plain: Float32Array;
  /** Rotated components of a head. */
  readonly width: number;
  readonly context: number;
  /** The context that the model was trained with before scaling. */
  readonly original: number;
  readonly fail: (what: string) => never;
}

const SCALED_FROM_ORIGINAL = ['llama3', 'yarn', 'longrope'];

const always = (frequencies: Float32Array, scale = 1): Rope => ({
  frequencies,
  scale,
  longest: Number.POSITIVE_INFINITY,
});

const scalings: Readonly<Record<string, (scaled: Scaled) => Rope>> = {
  default: ({ plain }) => always(plain),
  linear: ({ plain, parameters, fail }) => {
    const factor = parameters.factor ?? fail('needs factor');
    return always(plain.map(frequency => frequency / factor));
  },
  dynamic,
  llama3,
  yarn,
  longrope: longRope,
};

/**
 * Angles per position for each pair of a head: theta^(-2j / width), in float32 as torch computes
 * them. Scaling `linear` divides them by the factor; `dynamic`, `llama3`, `yarn` and `longrope` are
 * the functions below.
 *
 * @throws UserError for any other scaling, by its name, for one that lacks a parameter, and for an
 * odd width
 */
export function readRope(parameters: RopeParameters, { headDim, context, partial, source }: RopePlace): Rope {
  const { type, theta } = parameters;
  const scaling = Object.hasOwn(scalings, type) ? scalings[type] : undefined;
  if (scaling === undefined) {
    const supported = Object.keys(scalings).join(', ');
    throw new UserError(`${source}: rope scaling '${type}' is not supported; supported are ${supported}`);
  }
  const fail = (what: string): never => {
    throw new UserError(`${source}: rope scaling '${type}' ${what}`);
  };
  const whole = !partial && (type === 'default' || parameters.share === 1);
  if (!partial && !whole) fail(`on a share of each head (partial_rotary_factor ${parameters.share}) is not supported`);
  const width = whole ? headDim : Math.floor(headDim * parameters.share);
  if (width < 2 || width % 2 !== 0) {
    throw new UserError(`${source}: ${width} rotated components of a head: must be an even number from 2 on`);
  }
  const plain = Float32Array.from({ length: width / 2 }, (_, j) => 1 / theta ** ((2 * j) / width));
  const { original = context } = parameters;
  if (original === null && SCALED_FROM_ORIGINAL.includes(type)) fail('needs original_max_position_embeddings');
  return scaling({ parameters, plain, width, context, original: original ?? context, fail });
}

/**
 * NTK scaling: theta grows only for sequences longer than the context, which are not supported, so
 * nothing changes.
 */
function dynamic({ plain, width, context, parameters, fail }: Scaled): Rope {
  if (parameters.factor == null) fail('needs factor');
  if (width === 2) fail('needs more than one pair per head');
  return { ...always(plain), longest: context };
}

/**
 * Divides only slow angles by the factor: those with wavelengths above original / low_freq_factor.
 * Those below original / high_freq_factor stay; between them the divisor is interpolated linearly
 * (Llama 3.1).
 */
function llama3({ plain, parameters, original, fail }: Scaled): Rope {
  const factor = parameters.factor ?? fail('needs factor');
  const low = parameters.low_freq_factor ?? fail('needs low_freq_factor');
  const high = parameters.high_freq_factor ?? fail('needs high_freq_factor');
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

/**
 * Angles with more than beta_fast turns within the original length stay, those with fewer than
 * beta_slow are divided by the factor; between them the divisor is interpolated linearly over the
 * pairs. Rotated vectors are scaled by 0.1 ln(factor) + 1 (Peng et al. 2023).
 */
function yarn({ plain, width, parameters, context, original, fail }: Scaled): Rope {
  if (parameters.factor === undefined) fail('needs factor');
  const factor = parameters.factor ?? context / original;
  const growth = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  const { mscale, mscale_all_dim } = parameters;
  const usual = mscale && mscale_all_dim ? growth(mscale) / growth(mscale_all_dim) : growth(1);
  /** The fractional index of the pair that makes so many turns within the original length. */
  const pairOf = (turns: number) =>
    (width * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(parameters.theta));
  const cut = parameters.truncate === undefined || parameters.truncate === true;
  const [fast, slow] = [pairOf(parameters.beta_fast || 32), pairOf(parameters.beta_slow || 1)];
  const low = Math.max(cut ? Math.floor(fast) : fast, 0);
  const last = Math.min(cut ? Math.ceil(slow) : slow, width - 1);
  const high = last === low ? last + 0.001 : last;
  return always(
    plain.map((frequency, j) => {
      const slowness = Math.min(Math.max((j - low) / (high - low), 0), 1);
      return (frequency / factor) * slowness + frequency * (1 - slowness);
    }),
    parameters.attention_factor ?? usual,
  );
}

/**
 * Each angle has its own divisor, one for sequences up to the original length and one for longer
 * ones. Since these would change the positions of all tokens, only sequences up to the original
 * length are supported (Ding et al. 2024).
 */
function longRope({ plain, parameters, context, original, fail }: Scaled): Rope {
  const { short_factor: short, long_factor: long } = parameters;
  if (short?.length !== plain.length || long?.length !== plain.length) {
    return fail(`needs short_factor and long_factor, each a list of ${plain.length} numbers`);
  }
  const factor = parameters.factor ?? context / original;
  const usual = factor > 1 ? Math.sqrt(1 + Math.log(factor) / Math.log(original)) : 1;
  const same = short.every((divisor, j) => divisor === long[j]);
  return {
    frequencies: plain.map((frequency, j) => frequency / short[j]!),
    scale: parameters.attention_factor ?? usual,
    longest: same ? Number.POSITIVE_INFINITY : original,
  };
}
