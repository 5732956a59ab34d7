import {
  ALL_ROUNDING,
  type ArmPair,
  countNulls,
  type NullMask,
  type OutputShape,
  unionOfMasks,
} from './arm-outputs.ts';
import { cosineOfUpdates, inverseNorm } from './cosine.ts';
import type { SeededTable } from './replicated.ts';

/** A cosine for each seed, row and layer. */
export interface Cosines {
  readonly rows: number;
  readonly layers: number;
  /** [S][R * L]; NaN where null. */
  readonly seeds: readonly Float64Array[];
  /** Rows and layers in which the cosine of any seed is null. */
  readonly mask: NullMask;
}

/** Which layers count. */
export interface LayerChoice {
  /**
   * 1 for attention scores where positions are rotary: those of layer 0 do not depend on the
   * prefix.
   */
  readonly firstLayer?: number;
  /** This layer alone. */
  readonly layer?: number;
}

/**
 * cos(h_first - h_Z, h_second - h_Z) of each seed, row and layer, without normalising first (Deutch
 * et al.). Null where an update is at most 3e-5 |h_Z|.
 *
 * @param normalised takes h / |h| in place of h, as Dai et al. do
 */
export function updateCosines(
  { rows, layers, hiddenSize: D }: OutputShape,
  pairs: readonly ArmPair[],
  { normalised = false }: { readonly normalised?: boolean } = {},
): Cosines {
  return cosinesOf(rows, layers, pairs, ({ zeroShot, first, second }, row, layer) => {
    const at = (row * layers + layer) * D;
    const scale = normalised
      ? { a: inverseNorm(first, at, D), b: inverseNorm(second, at, D), base: inverseNorm(zeroShot, at, D) }
      : undefined;
    return cosineOfUpdates(first, second, zeroShot, at, D, scale);
  });
}

/** The cosines of seeds, with what is null in any of them. */
export function cosinesOf<Seed>(
  rows: number,
  layers: number,
  seeds: readonly Seed[],
  cosineAt: (seed: Seed, row: number, layer: number) => number | null,
): Cosines {
  const mask = new Uint8Array(rows * layers);
  const values = seeds.map(seed => {
    const own = new Float64Array(rows * layers);
    for (let at = 0; at < own.length; at++) {
      const value = cosineAt(seed, Math.floor(at / layers), at % layers);
      if (value === null) mask[at] = 1;
      own[at] = value ?? Number.NaN;
    }
    return own;
  });
  return { rows, layers, seeds: values, mask };
}

/**
 * y[d, i] = mean over layers of the cosines, the table whose mean is a similarity S. Rows and
 * layers that are null for any seed are left out for all, and a row without layers drops out.
 *
 * @param mask what is left out; the mask of the cosines, or a larger one of several
 */
export function similarityTable(
  { rows, layers, seeds, mask: own }: Cosines,
  { firstLayer = 0, layer, mask = own }: LayerChoice & { readonly mask?: NullMask } = {},
): SeededTable {
  const chosen = layer === undefined ? Array.from({ length: layers - firstLayer }, (_, l) => firstLayer + l) : [layer];
  const placesOf = Array.from({ length: rows }, (_, i) =>
    chosen.map(l => i * layers + l).filter(at => mask[at] === 0),
  ).filter(places => places.length > 0);
  const left = chosen.length * rows - countKept(mask, layers, chosen);
  return {
    table: seeds.map(values =>
      placesOf.map(places => places.reduce((sum, at) => sum + values[at]!, 0) / places.length),
    ),
    skipped: left,
    ...(placesOf.length === 0 && { why: ALL_ROUNDING }),
  };
}

/** y of one similarity less y of another in each seed and row, without what either leaves out. */
export function similarityDifference(first: Cosines, second: Cosines, choice: LayerChoice = {}): SeededTable {
  const mask = unionOfMasks([first.mask, second.mask]);
  const [one, other] = [first, second].map(cosines => similarityTable(cosines, { ...choice, mask }));
  return { ...one!, table: one!.table.map((row, d) => row.map((y, i) => y - other!.table[d]![i]!)) };
}

function countKept(mask: NullMask, layers: number, chosen: readonly number[]): number {
  if (chosen.length === layers) return mask.length - countNulls(mask);
  return mask.reduce((sum, null_, at) => sum + (null_ === 0 && chosen.includes(at % layers) ? 1 : 0), 0);
}
