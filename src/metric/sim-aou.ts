import { fillUniform, randomStream } from '../statistics/random.ts';
import { cosine, cosineOfUpdates, inverseNorm, norm } from './cosine.ts';
import type { PerLayer } from './per-layer.ts';
import { isRounding } from './rounding.ts';

/** Separates the random directions of this metric from those of others. */
const STREAM = 1;

/** Attention outputs of one example, each [L, D] flat. */
interface Outputs {
  readonly zeroShot: Float32Array;
  readonly inContext: Float32Array;
  readonly finetuned: Float32Array;
}

/**
 * SimAOU of one example (Dai et al., as their code computes it): with h^ = h / |h| in each setting,
 * cos(h^_ICL - h^_ZSL, h^_FT - h^_ZSL) in every layer. Null if an update is rounding (at most 3e-5
 * of |h^_ZSL|).
 *
 * Normalising before the difference leaves parts of h_ZSL in both updates, so unrelated updates can
 * score well above 0 (Deutch et al.). `simAOUUnnormalised` avoids this.
 */
export function simAOU({ zeroShot, inContext, finetuned }: Outputs, layers: number): PerLayer {
  const width = zeroShot.length / layers;
  return Array.from({ length: layers }, (_, layer) => {
    const start = layer * width;
    return cosineOfUpdates(inContext, finetuned, zeroShot, start, width, {
      a: inverseNorm(inContext, start, width),
      b: inverseNorm(finetuned, start, width),
      base: inverseNorm(zeroShot, start, width),
    });
  });
}

/**
 * SimAOU without normalisation (Deutch et al.): cos(h_ICL - h_ZSL, h_FT - h_ZSL) in every layer.
 * Null if an update is rounding.
 */
export function simAOUUnnormalised({ zeroShot, inContext, finetuned }: Outputs, layers: number): PerLayer {
  const width = zeroShot.length / layers;
  return Array.from({ length: layers }, (_, layer) =>
    cosineOfUpdates(inContext, finetuned, zeroShot, layer * width, width),
  );
}

/**
 * Random baseline of SimAOU (Dai et al., as their code draws it): cos(h^_ICL - h^_ZSL, r) with r
 * uniform on [0, 1)^D, with its own random stream for each (seed, row, layer). Null if the update
 * is rounding.
 */
export function simAOURandom(
  outputs: Pick<Outputs, 'zeroShot' | 'inContext'>,
  layers: number,
  seed: number,
  row: number,
): PerLayer {
  return simAOUDirections(outputs, randomDirections(outputs.zeroShot.length / layers, layers, seed, row));
}

/** The directions of `simAOURandom`: r of each layer. */
export function randomDirections(width: number, layers: number, seed: number, row: number): readonly Float64Array[] {
  return Array.from({ length: layers }, (_, layer) =>
    fillUniform(randomStream(STREAM, seed, row, layer), new Float64Array(width)),
  );
}

/** cos(h^_ICL - h^_ZSL, r) with a direction r for each layer. Null if the update is rounding. */
export function simAOUDirections(
  { zeroShot, inContext }: Pick<Outputs, 'zeroShot' | 'inContext'>,
  directions: readonly Float64Array[],
): PerLayer {
  const width = zeroShot.length / directions.length;
  const update = new Float64Array(width);
  return directions.map((direction, layer) => {
    const start = layer * width;
    const scale = inverseNorm(inContext, start, width);
    const baseScale = inverseNorm(zeroShot, start, width);
    for (let i = 0; i < width; i++) update[i] = inContext[start + i]! * scale - zeroShot[start + i]! * baseScale;
    if (isRounding(norm(update), norm(zeroShot, start, width) * baseScale)) return null;
    return cosine(update, direction);
  });
}
