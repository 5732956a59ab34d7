import type { GgufFile } from './architecture.ts';

/**
 * The rotary positions of a file as `rope_parameters`: plain, scaled linearly, or with a divisor
 * for each frequency in `rope_freqs.weight`.
 *
 * @param rotated how many numbers of a head are rotated
 * @throws UserError for any other scaling, by its name.
 */
export async function ropeParameters(file: GgufFile, rotated: number): Promise<Readonly<Record<string, unknown>>> {
  const { gguf, settings } = file;
  const theta = settings.number('{arch}.rope.freq_base') ?? 10000;
  const scaling = settings.text('{arch}.rope.scaling.type');
  const factor = settings.number('{arch}.rope.scaling.factor') ?? settings.number('{arch}.rope.scale_linear') ?? 1;
  settings.number('{arch}.rope.scale_linear');
  const divisors = gguf.tensors.get('rope_freqs.weight');
  if (scaling !== undefined && scaling !== 'none' && scaling !== 'linear') {
    settings.fail(`rotary scaling "${scaling}" is not supported; none, linear and that of Llama 3 are`);
  }
  const linear = factor !== 1 && scaling !== 'none';
  if (divisors === undefined) {
    return linear ? { rope_type: 'linear', factor, rope_theta: theta } : { rope_type: 'default', rope_theta: theta };
  }
  if (linear) settings.fail('it has both rope_freqs.weight and linear rotary scaling, which is not supported');
  const values = await file.readTensor(divisors);
  if (values.length !== rotated / 2 || !values.every(value => value > 0 && Number.isFinite(value))) {
    settings.fail(`rope_freqs.weight must hold ${rotated / 2} positive divisors of the rotary frequencies`);
  }
  const original = settings.number('{arch}.rope.scaling.original_context_length');
  return byDivisors(values, { theta, rotated, original, context: settings.size('{arch}.context_length') });
}

// Parameters of every Llama 3.1 to 3.3; the file stores only the divisors that follow from them.
const LLAMA3 = { low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

/**
 * Divisors as the parameters of Llama 3's scaling, if these reproduce them, else as they are, at
 * every length.
 */
function byDivisors(
  divisors: Float32Array,
  rotary: {
    readonly theta: number;
    readonly rotated: number;
    readonly original: number | undefined;
    readonly context: number;
  },
): Readonly<Record<string, unknown>> {
  const { theta, rotated, context } = rotary;
  const original = rotary.original ?? LLAMA3.original_max_position_embeddings;
  const parameters = { ...LLAMA3, original_max_position_embeddings: original, factor: Math.max(...divisors) };
  const matches = (expected: (j: number) => number): boolean =>
    divisors.every((divisor, j) => Math.abs(divisor / expected(j) - 1) < 1e-4);
  if (matches(() => 1)) return { rope_type: 'default', rope_theta: theta };
  if (matches(j => llama3Divisor(theta ** ((-2 * j) / rotated), parameters))) {
    return { rope_type: 'llama3', ...parameters, rope_theta: theta };
  }
  return {
    rope_type: 'longrope',
    short_factor: [...divisors],
    long_factor: [...divisors],
    attention_factor: 1,
    original_max_position_embeddings: context,
    rope_theta: theta,
  };
}

/**
 * The divisor of a rotary frequency in Llama 3: 1 above the high border, `factor` below the low
 * one, between them smoothly.
 */
function llama3Divisor(frequency: number, parameters: typeof LLAMA3 & { readonly factor: number }): number {
  const turns = (parameters.original_max_position_embeddings * frequency) / (2 * Math.PI);
  const { low_freq_factor: low, high_freq_factor: high, factor } = parameters;
  if (turns < low) return factor;
  if (turns > high) return 1;
  const smooth = (turns - low) / (high - low);
  return 1 / ((1 - smooth) / factor + smooth);
}
