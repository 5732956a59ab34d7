/**
 * @file Shared variation R_X: whether the change that a property X of the demonstrations makes in
 * context points where the change that X makes by finetuning points. With û and v̂ the parts of h
 * that X moves, in each layer l over all seeds d and rows i
 *
 *     R_l = sum <û, v̂> / sqrt(sum |û|^2 sum |v̂|^2),   R_X = mean over l of R_l
 *
 * It is 0 in any model when the two changes are unrelated, whatever is common to all updates.
 */
import {
  type ArmOutputs,
  type ArmPair,
  differenceInLayer,
  keptRows,
  type OutputShape,
  zeroShotInLayer,
} from './arm-outputs.ts';
import { type LayeredNumber, type LayerValue, meanOverLayers } from './layer-replicates.ts';
import { combineReplicated, type LeaveOuts, leaveOutSums, type Replicated } from './replicated.ts';
import { isRounding } from './rounding.ts';
import { centred, centredOverArrays, dotAt, products, selectVectors, squaredNorms } from './vectors.ts';

/** Vectors of one layer, [S][n * D] each. */
interface LayerVectors {
  readonly u: readonly Float64Array[];
  readonly v: readonly Float64Array[];
  readonly zeroShot: readonly Float64Array[];
}

/** Two sets of vectors whose variation is compared. */
export interface Variation {
  readonly shape: OutputShape;
  /** What moves û and v̂: see the functions that make a variation. */
  readonly kind: 'demonstrations' | 'change' | 'query';
  readonly vectorsIn: (layer: number) => LayerVectors;
}

/**
 * û = h_I_d - mean over d of it, v̂ likewise: which demonstrations. The zero-shot output cancels.
 */
export function demonstrationVariation(shape: OutputShape, pairs: readonly ArmPair[]): Variation {
  return { shape, kind: 'demonstrations', vectorsIn: updatesIn(shape, pairs) };
}

/**
 * û = u - mean over rows of it, for each d, less its projection on h_Z - mean over rows of it (one
 * coefficient for a layer and side, over all d); v̂ likewise: which query. Without the projection u
 * and v would share -h_Z.
 */
export function queryVariation(shape: OutputShape, pairs: readonly ArmPair[]): Variation {
  return { shape, kind: 'query', vectorsIn: updatesIn(shape, pairs) };
}

/** û = h_I - h_I^x, v̂ = h_F - h_F^x of the same d and i: labels, order, tokens, task. */
export function changeVariation(
  shape: OutputShape,
  pairs: readonly ArmPair[],
  changed: readonly Pick<ArmPair, 'first' | 'second'>[],
): Variation {
  const less = (layer: number, side: 'first' | 'second') =>
    pairs.map((pair, d) => differenceInLayer(pair[side], changed[d]![side], shape, layer));
  return {
    shape,
    kind: 'change',
    vectorsIn: layer => ({
      u: less(layer, 'first'),
      v: less(layer, 'second'),
      zeroShot: zeroShotInLayer(pairs, shape, layer),
    }),
  };
}

function updatesIn(shape: OutputShape, pairs: readonly ArmPair[]): Variation['vectorsIn'] {
  const update = (of: ArmOutputs, zeroShot: ArmOutputs, layer: number) => differenceInLayer(of, zeroShot, shape, layer);
  return layer => ({
    u: pairs.map(({ first, zeroShot }) => update(first, zeroShot, layer)),
    v: pairs.map(({ second, zeroShot }) => update(second, zeroShot, layer)),
    zeroShot: zeroShotInLayer(pairs, shape, layer),
  });
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
    const all = variations.map(({ kind, vectorsIn }) => {
      const vectors = vectorsIn(layer);
      const whole = productsOf(vectors, kind, shape.hiddenSize);
      markRounding(mask, shape, layer, vectors, whole);
      return { kind, vectors, whole };
    });
    const kept = keptRows(mask, shape, layer);
    for (const [at, { kind, vectors, whole }] of all.entries()) {
      const S = vectors.u.length;
      if (kept.length === 0) {
        layers[at]!.push({ value: null, seeds: Array(S).fill(null), rows: [], kept });
        continue;
      }
      const left =
        kept.length === shape.rows
          ? whole
          : productsOf(select(vectors, kept, shape.hiddenSize), kind, shape.hiddenSize);
      layers[at]!.push({ ...correlations(left, kind, S), kept });
    }
  }
  return layers.map(values => meanOverLayers(values, mask, shape));
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

/** The tables of `demonstrationVariation`. @returns null where every row and layer is left out */
export function demonstrationTable(shape: OutputShape, pairs: readonly ArmPair[]): SeedTable | null {
  const D = shape.hiddenSize;
  const { vectorsIn, kind } = demonstrationVariation(shape, pairs);
  const mask = new Uint8Array(shape.rows * shape.layers);
  const S = pairs.length;
  const [table, gram] = [new Float64Array(S * S), new Float64Array(S * S)];
  let layers = 0;
  for (let layer = 0; layer < shape.layers; layer++) {
    const vectors = vectorsIn(layer);
    markRounding(mask, shape, layer, vectors, productsOf(vectors, kind, D));
    const kept = keptRows(mask, shape, layer);
    if (kept.length === 0) continue;
    const left = select(vectors, kept, D);
    const [u, v] = [centredOverArrays(left.u), centredOverArrays(left.v)];
    const inner = (a: Float64Array, b: Float64Array) => dotAt(a, 0, b, 0, b.length);
    const size = (side: readonly Float64Array[]) => side.reduce((sum, x) => sum + inner(x, x), 0);
    const [uu, vv] = [size(u), size(v)];
    layers++;
    for (let d = 0; d < S; d++) {
      for (let e = 0; e < S; e++) {
        table[d * S + e]! += inner(u[d]!, v[e]!) / Math.sqrt(uu * vv);
        if (e < d) continue;
        const share = inner(u[d]!, u[e]!) / uu;
        gram[d * S + e]! += share;
        if (e > d) gram[e * S + d]! += share;
      }
    }
  }
  if (layers === 0) return null;
  const square = (sums: Float64Array) => pairs.map((_, d) => pairs.map((_, e) => sums[d * S + e]! / layers));
  return { table: square(table), gram: square(gram) };
}

/** Inner products of each seed and row, [S, n] each, of vectors that are centred. */
interface Products {
  readonly uv: Float64Array;
  readonly uu: Float64Array;
  readonly vv: Float64Array;
  /** With h_Z, where û is less its projection on it. */
  readonly z?: { readonly u: Float64Array; readonly v: Float64Array; readonly z: Float64Array };
}

function productsOf({ u, v, zeroShot }: LayerVectors, kind: Variation['kind'], D: number): Products {
  const [a, b] = [u, v].map(side => {
    if (kind === 'change') return side;
    return kind === 'demonstrations' ? centredOverArrays(side) : side.map(own => centred(own, D));
  }) as [Float64Array[], Float64Array[]];
  const found = { uv: products(a, b, D), uu: products(a, a, D), vv: products(b, b, D) };
  if (kind !== 'query') return found;
  const made = new Map(zeroShot.map(own => [own, own]));
  for (const own of made.keys()) made.set(own, centred(own, D));
  const z = zeroShot.map(own => made.get(own)!);
  return { ...found, z: { u: products(a, z, D), v: products(b, z, D), z: products(z, z, D) } };
}

const sum = (values: Float64Array) => values.reduce((total, x) => total + x, 0);

/** Marks the rows of a layer in which û or v̂ of a seed is rounding. */
function markRounding(
  mask: Uint8Array,
  { rows, layers, hiddenSize: D }: OutputShape,
  layer: number,
  { zeroShot }: LayerVectors,
  { uu, vv, z }: Products,
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
  for (const [d, base] of zeroShot.entries()) {
    const bases = squaredNorms(base, D);
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
function correlations({ uv, uu, vv, z }: Products, kind: Variation['kind'], S: number): Omit<LayerValue, 'kept'> {
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

function select(vectors: LayerVectors, rows: readonly number[], D: number): LayerVectors {
  const of = (side: readonly Float64Array[]) => side.map(own => selectVectors(own, rows, D));
  return { u: of(vectors.u), v: of(vectors.v), zeroShot: of(vectors.zeroShot) };
}
