/**
 * @file Shared variation R_X: whether the change that a property X of the demonstrations makes in
 * context points where the change that X makes by finetuning points. With û and v̂ the parts of h
 * that X moves, in each layer l over all seeds d and rows i
 *
 *     R_l = sum <û, v̂> / sqrt(sum |û|^2 sum |v̂|^2),   R_X = mean over l of R_l
 *
 * It is 0 in any model when the two changes are unrelated, whatever is common to all updates.
 */
import { sum } from '../statistics/sum.ts';
import { type ArmPair, keptRows, type NullMask, type OutputShape, zeroShotInLayer } from './arm-outputs.ts';
import { type LayeredNumber, type LayerValue, meanOverLayers } from './layer-replicates.ts';
import { fillMoved, type MovedProducts, movedProducts, type Variation } from './moved-products.ts';
import { combineReplicated, type LeaveOuts, leaveOutSums, type Replicated } from './replicated.ts';
import { isRounding } from './rounding.ts';
import { addProducts, dotAt, squaredNorms } from './vectors.ts';

export type { Variation } from './moved-products.ts';

/**
 * û = h_I_d - mean over d of it, v̂ likewise: which demonstrations. The zero-shot output cancels.
 */
export function demonstrationVariation(shape: OutputShape, pairs: readonly ArmPair[]): Variation {
  return { shape, kind: 'demonstrations', pairs };
}

/**
 * û = u - mean over rows of it, for each d, less its projection on h_Z - mean over rows of it (one
 * coefficient for a layer and side, over all d); v̂ likewise: which query. Without the projection u
 * and v would share -h_Z.
 */
export function queryVariation(shape: OutputShape, pairs: readonly ArmPair[]): Variation {
  return { shape, kind: 'query', pairs };
}

/** û = h_I - h_I^x, v̂ = h_F - h_F^x of the same d and i: labels, order, tokens, task. */
export function changeVariation(
  shape: OutputShape,
  pairs: readonly ArmPair[],
  changed: readonly Pick<ArmPair, 'first' | 'second'>[],
): Variation {
  return { shape, kind: 'change', pairs, changed };
}

/** R_X with its replicates and that of each layer. */
export function sharedVariation(variation: Variation): LayeredNumber {
  return sharedVariations([variation])[0]!;
}

/** R of one variation less R of another, over the same seeds, without what either leaves out. */
export function sharedVariationDifference(first: Variation, second: Variation): Replicated {
  return combineReplicated(sharedVariations([first, second]), ([a, b]) => a! - b!, 'one of the two is undefined');
}

/**
 * R of several variations of the same rows and layers, each without the rows and layers that are
 * null for any of them: where a û or a v̂, as made from all rows and seeds, is rounding. What û and
 * v̂ are centred on is then the mean of what is left.
 */
export function sharedVariations(variations: readonly Variation[]): readonly LayeredNumber[] {
  const { shape } = variations[0]!;
  const mask = new Uint8Array(shape.rows * shape.layers);
  const layers = variations.map(() => [] as LayerValue[]);
  for (let layer = 0; layer < shape.layers; layer++) {
    const wholes = variations.map(variation => productsWithMask(variation, layer, mask));
    const kept = keptRows(mask, shape, layer);
    for (const [at, variation] of variations.entries()) {
      const S = variation.pairs.length;
      if (kept.length === 0) {
        layers[at]!.push({ value: null, seeds: Array(S).fill(null), rows: [], kept });
        continue;
      }
      const left = kept.length === shape.rows ? wholes[at]! : movedProducts(variation, layer, kept);
      layers[at]!.push({ ...correlations(left, variation.kind, S), kept });
    }
  }
  return layers.map(values => meanOverLayers(values, mask, shape));
}

/** The products of a layer over all rows; marks the rows in which a û or v̂ is rounding. */
function productsWithMask(variation: Variation, layer: number, mask: NullMask): MovedProducts {
  const { shape, pairs } = variation;
  const whole = variation.wholes?.get(layer) ?? movedProducts(variation, layer, [...Array(shape.rows).keys()]);
  variation.wholes?.set(layer, whole);
  markRounding(mask, shape, layer, zeroShotInLayer(pairs, shape, layer), whole);
  return whole;
}

/** How near û of one seed is to v̂ of another: what a permutation of the seeds is tested on. */
export interface SeedTable {
  /**
   * [d][e] = mean over layers of sum_i <û_d, v̂_e> / sqrt(sum |û|^2 sum |v̂|^2); its trace is R.
   */
  readonly table: readonly (readonly number[])[];
  /** [d][e] = mean over layers of sum_i <û_d, û_e> / sum |û|^2 */
  readonly gram: readonly (readonly number[])[];
}

/**
 * The tables of a variation over seeds.
 *
 * @param variation of `demonstrationVariation`
 * @returns null where every row and layer is left out
 */
export function demonstrationTable(variation: Variation): SeedTable | null {
  const { shape, pairs } = variation;
  const D = shape.hiddenSize;
  const mask = new Uint8Array(shape.rows * shape.layers);
  const S = pairs.length;
  const [u, v] = [new Float64Array(S * D), new Float64Array(S * D)];
  const [table, gram] = [new Float64Array(S * S), new Float64Array(S * S)];
  let layers = 0;
  for (let layer = 0; layer < shape.layers; layer++) {
    productsWithMask(variation, layer, mask);
    const kept = keptRows(mask, shape, layer);
    if (kept.length === 0) continue;
    layers++;
    const [uv, uu] = [new Float64Array(S * S), new Float64Array(S * S)];
    let ofV = 0;
    for (const row of kept) {
      fillMoved(variation, 'first', row, layer, u);
      fillMoved(variation, 'second', row, layer, v);
      addProducts(uv, u, v, D);
      addProducts(uu, u, u, D);
      ofV += dotAt(v, 0, v, 0, v.length);
    }
    let ofU = 0;
    for (let d = 0; d < S; d++) ofU += uu[d * S + d]!;
    for (let at = 0; at < S * S; at++) {
      table[at]! += uv[at]! / Math.sqrt(ofU * ofV);
      gram[at]! += uu[at]! / ofU;
    }
  }
  if (layers === 0) return null;
  const square = (sums: Float64Array) => pairs.map((_, d) => pairs.map((_, e) => sums[d * S + e]! / layers));
  return { table: square(table), gram: square(gram) };
}

/** Marks the rows of a layer in which û or v̂ of a seed is rounding. */
function markRounding(
  mask: Uint8Array,
  { rows, layers, hiddenSize: D }: OutputShape,
  layer: number,
  zeroShot: readonly Float64Array[],
  { uu, vv, z }: MovedProducts,
): void {
  // |û|^2 = |u|^2 - 2 c <u, z> + c^2 |z|^2, c the share of z in u.
  const sides = [
    { squares: uu, withZ: z?.u },
    { squares: vv, withZ: z?.v },
  ].map(({ squares, withZ }) => {
    const size = z === undefined ? 0 : sum(z.z);
    if (withZ === undefined || size === 0) return squares;
    const c = sum(withZ) / size;
    return squares.map((square, at) => square - 2 * c * withZ[at]! + c * c * z!.z[at]!);
  });
  const known = new Map<Float64Array, Float64Array>();
  for (const [d, base] of zeroShot.entries()) {
    const bases = known.get(base) ?? squaredNorms(base, D);
    known.set(base, bases);
    for (let i = 0; i < rows; i++) {
      const isNull = sides.some(squares =>
        isRounding(Math.sqrt(Math.max(0, squares[d * rows + i]!)), Math.sqrt(bases[i]!)),
      );
      if (isNull) mask[i * layers + layer] = 1;
    }
  }
}

/** What is left of a sum of squares by rounding, as a share of it. */
const NOTHING = 1e-12;

/** R of a layer, and without each seed and row. */
function correlations({ uv, uu, vv, z }: MovedProducts, kind: Variation['kind'], S: number): Omit<LayerValue, 'kept'> {
  const sums = (terms: Float64Array) => recentred(leaveOutSums(terms, S), kind);
  const [sizeU, sizeV] = [sums(uu), sums(vv)];
  let moments = { uv: sums(uv), uu: sizeU, vv: sizeV };
  if (z !== undefined) {
    const [ofU, ofV, ofZ] = [sums(z.u), sums(z.v), sums(z.z)];
    moments = {
      uv: withoutProjection(moments.uv, ofU, ofV, ofZ),
      uu: withoutProjection(sizeU, ofU, ofU, ofZ),
      vv: withoutProjection(sizeV, ofV, ofV, ofZ),
    };
  }
  const value = (read: (sums: LeaveOuts) => number) => {
    const [a, b] = [read(moments.uu), read(moments.vv)];
    if (!(a > NOTHING * sizeU.all) || !(b > NOTHING * sizeV.all)) return null;
    return read(moments.uv) / Math.sqrt(a * b);
  };
  return {
    value: value(({ all }) => all),
    seeds: Array.from(sizeU.seeds, (_, d) => value(({ seeds }) => seeds[d]!)),
    rows: Array.from(sizeU.rows, (_, i) => value(({ rows }) => rows[i]!)),
  };
}

/**
 * Sums of products of centred vectors without each of those that they are centred over, centred
 * anew on the rest: n vectors with mean 0 whose products t add up to T leave T - t n / (n - 1).
 */
function recentred(sums: LeaveOuts, kind: Variation['kind']): LeaveOuts {
  const { all, seeds, rows } = sums;
  const again = (others: Float64Array) =>
    others.map(rest => all - ((all - rest) * others.length) / (others.length - 1));
  if (kind === 'demonstrations') return { all, seeds: again(seeds), rows };
  return kind === 'query' ? { all, seeds, rows: again(rows) } : sums;
}

/** <a - (az/zz) z, b - (bz/zz) z> = ab - az bz / zz. */
function withoutProjection(ab: LeaveOuts, az: LeaveOuts, bz: LeaveOuts, zz: LeaveOuts): LeaveOuts {
  const less = (x: number, y: number, z: number, size: number) => (size > 0 ? x - (y * z) / size : x);
  return {
    all: less(ab.all, az.all, bz.all, zz.all),
    seeds: ab.seeds.map((x, d) => less(x, az.seeds[d]!, bz.seeds[d]!, zz.seeds[d]!)),
    rows: ab.rows.map((x, i) => less(x, az.rows[i]!, bz.rows[i]!, zz.rows[i]!)),
  };
}
