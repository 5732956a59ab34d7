/** @file Angles of rotary positions (Su et al. 2021) and their scalings, as transformers computes them. */
import { UserError } from '../../error.ts';
import type { RopeParameters } from './rope-parameters.ts';

/** Rotary positions of a model, or of some of its layers. */
export interface Rope {
  /** Radians a position for each pair of a head. */
  readonly frequencies: Float32Array;
  /** Rotated vectors are multiplied by it. */
  readonly scale: number;
  /** The longest sequence that is rotated so. */
  readonly longest: number;
}

/** What rotary positions follow from besides their parameters. */
export interface RopePlace {
  readonly headDim: number;
  /** `max_position_embeddings` */
  readonly context: number;
  /** Whether a share of each head can stay unrotated. Where it cannot, a share is ignored without scaling, as transformers does. */
  readonly partial: boolean;
  readonly source: string;
}

/** Parameters as a scaling needs them. */
interface Scaled {
  readonly parameters: RopeParameters;
  /** theta^(-2j / width) for width / 2 pairs of a head. */
  readonly plain: Float32Array;
  /** Numbers of a head that are rotated. */
  readonly width: number;
  readonly context: number;
  /** The length that the model was trained at before it was scaled. */
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
 * Angles a position for each pair of a head: theta^(-2j / width), in float32 as torch has them, divided by the factor with scaling
 * `linear`. `dynamic`, `llama3`, `yarn` and `longrope` are the functions below.
 *
 * @throws UserError for any other scaling, by its name, for one that lacks a parameter, and for an odd width
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
    throw new UserError(`${source}: rotary positions on ${width} numbers of a head: must be an even number from 2 on`);
  }
  const plain = Float32Array.from({ length: width / 2 }, (_, j) => 1 / theta ** ((2 * j) / width));
  const { original = context } = parameters;
  if (original === null && SCALED_FROM_ORIGINAL.includes(type)) fail('needs original_max_position_embeddings');
  return scaling({ parameters, plain, width, context, original: original ?? context, fail });
}

/** NTK scaling: theta grows with sequences longer than the context, which are not run; up to there nothing changes. */
function dynamic({ plain, width, context, parameters, fail }: Scaled): Rope {
  if (parameters.factor == null) fail('needs factor');
  if (width === 2) fail('needs more than one pair of numbers a head');
  return { ...always(plain), longest: context };
}

/**
 * Only slow angles are divided by the factor: wavelengths above original / low_freq_factor are, those below original /
 * high_freq_factor stay, between them a straight line (Llama 3.1).
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
 * Angles that turn more often than beta_fast within the original length stay, those that turn less often than beta_slow are divided by
 * the factor, between them a straight line over the pairs; rotated vectors are scaled by 0.1 ln(factor) + 1 (Peng et al. 2023).
 */
function yarn({ plain, width, parameters, context, original, fail }: Scaled): Rope {
  if (parameters.factor === undefined) fail('needs factor');
  const factor = parameters.factor ?? context / original;
  const growth = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  const { mscale, mscale_all_dim } = parameters;
  const usual = mscale && mscale_all_dim ? growth(mscale) / growth(mscale_all_dim) : growth(1);
  /** The pair, as a number between pairs, that turns so often within the original length. */
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
 * Each angle has a divisor of its own, one for sequences up to the original length and another for longer ones, which change the positions
 * of all tokens: these models run up to the original length (Ding et al. 2024).
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
