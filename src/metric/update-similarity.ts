import {
  ALL_ROUNDING,
  type ArmPair,
  countNulls,
  type NullMask,
  type OutputShape,
  unionOfMasks,
} from './arm-outputs.ts';
import type { SeededTable } from './replicated.ts';
import { compareUpdates } from './update-comparison.ts';

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
  shape: OutputShape,
  pairs: readonly ArmPair[],
  { normalised = false }: { readonly normalised?: boolean } = {},
): Cosines {
  const name = normalised ? 'normalised' : 'cosines';
  return joinCosines(
    shape,
    pairs.map(pair => compareUpdates(shape, pair)[name]),
  );
}

/** The cosines of seeds, [R * L] each and NaN where null, with what is null in any of them. */
export function joinCosines(
  { rows, layers }: Pick<OutputShape, 'rows' | 'layers'>,
  seeds: readonly Float64Array[],
): Cosines {
  const mask = new Uint8Array(rows * layers);
  for (const values of seeds) for (const [at, value] of values.entries()) if (Number.isNaN(value)) mask[at] = 1;
  return { rows, layers, seeds, mask };
}

/** The same of a cosine that is null where undefined. */
export function cosinesOf<Seed>(
  rows: number,
  layers: number,
  seeds: readonly Seed[],
  cosineAt: (seed: Seed, row: number, layer: number) => number | null,
): Cosines {
  return joinCosines(
    { rows, layers },
    seeds.map(seed =>
      Float64Array.from(
        { length: rows * layers },
        (_, at) => cosineAt(seed, Math.floor(at / layers), at % layers) ?? Number.NaN,
      ),
    ),
  );
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
