/**
 * @file Shared variation R_X: whether the change that a property X of the demonstrations makes in context
 * points where the change that X makes by finetuning points. With û and v̂ the parts of h that X
 * moves, in each layer l over all seeds d and rows i
 *
 *     R_l = sum <û, v̂> / sqrt(sum |û|^2 sum |v̂|^2),   R_X = mean over l of R_l
 *
 * It is 0 in any model when the two changes are unrelated, whatever is common to all updates.
 */
import {
  type ArmOutputs,
  type ArmPair,
  differenceInLayer,
  inLayer,
  keptRows,
  markRounding,
  type NullMask,
  type OutputShape,
  selectRows,
} from './arm-outputs.ts';
import { type LayeredNumber, type LayerValue, meanOverLayers } from './layer-replicates.ts';
import { combineReplicated, type LeaveOuts, leaveOutSums, type Replicated } from './replicated.ts';
import { products, twoWayParts } from './two-way-sums.ts';

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

/** û = h_I_d - mean over d of it, v̂ likewise: which demonstrations. The zero-shot output cancels. */
export function demonstrationVariation(shape: OutputShape, pairs: readonly ArmPair[]): Variation {
  return { shape, kind: 'demonstrations', vectorsIn: updatesIn(shape, pairs) };
}

/**
 * û = u - mean over rows of it, for each d, less its projection on h_Z - mean over rows of it (one
 * coefficient for a layer and side, over all d); v̂ likewise: which query. Without the projection u and
 * v would share -h_Z.
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
      zeroShot: pairs.map(({ zeroShot }) => inLayer(zeroShot, shape, layer)),
    }),
  };
}

function updatesIn(shape: OutputShape, pairs: readonly ArmPair[]): Variation['vectorsIn'] {
  const update = (of: ArmOutputs, zeroShot: ArmOutputs, layer: number) => differenceInLayer(of, zeroShot, shape, layer);
  return layer => ({
    u: pairs.map(({ first, zeroShot }) => update(first, zeroShot, layer)),
    v: pairs.map(({ second, zeroShot }) => update(second, zeroShot, layer)),
    zeroShot: pairs.map(({ zeroShot }) => inLayer(zeroShot, shape, layer)),
  });
}

/** Rows and layers in which a û or a v̂, as made from all rows and seeds, is rounding. */
export function variationMask({ shape, kind, vectorsIn }: Variation): NullMask {
  const mask = new Uint8Array(shape.rows * shape.layers);
  for (let layer = 0; layer < shape.layers; layer++) {
    const vectors = vectorsIn(layer);
    const { u, v } = moved(vectors, kind, shape.hiddenSize);
    markRounding(
      mask,
      shape,
      layer,
      [u, v].flatMap(side => side.map((of, d) => ({ of, zeroShot: vectors.zeroShot[d]! }))),
    );
  }
  return mask;
}

/**
 * R_X with its replicates and that of each layer.
 *
 * @param mask what is left out; that of the variation alone unless given
 */
export function sharedVariation(variation: Variation, mask = variationMask(variation)): LayeredNumber {
  const { shape, kind } = variation;
  const layers = Array.from({ length: shape.layers }, (_, layer): LayerValue => {
    const vectors = variation.vectorsIn(layer);
    const kept = keptRows(mask, shape, layer);
    const S = vectors.u.length;
    if (kept.length === 0) return { value: null, seeds: Array(S).fill(null), rows: [], kept };
    const moments = momentsOf(select(vectors, kept, shape.hiddenSize), kind, shape.hiddenSize);
    const value = (read: (sums: LeaveOuts) => number) => correlation(moments, read);
    return {
      value: value(({ all }) => all),
      seeds: Array.from({ length: S }, (_, d) => value(({ seeds }) => seeds[d]!)),
      rows: kept.map((_, i) => value(({ rows }) => rows[i]!)),
      kept,
    };
  });
  return meanOverLayers(layers, mask, shape);
}

/** R of one variation less R of another, over the same seeds, without what either leaves out. */
export function sharedVariationDifference(first: Variation, second: Variation): Replicated {
  const [one, other] = [variationMask(first), variationMask(second)];
  const mask = one.map((null_, at) => null_ | other[at]!);
  return combineReplicated(
    [sharedVariation(first, mask), sharedVariation(second, mask)],
    ([a, b]) => a! - b!,
    'one of the two is undefined',
  );
}

/** How near û of one seed is to v̂ of another: what a permutation of the seeds is tested on. */
export interface SeedTable {
  /** [d][e] = mean over layers of sum_i <û_d, v̂_e> / sqrt(sum |û|^2 sum |v̂|^2); its trace is R. */
  readonly table: readonly (readonly number[])[];
  /** [d][e] = mean over layers of sum_i <û_d, û_e> / sum |û|^2 */
  readonly gram: readonly (readonly number[])[];
}

/** The tables of a variation by demonstrations. @returns null where every row and layer is left out */
export function seedTable(variation: Variation, mask = variationMask(variation)): SeedTable | null {
  const { shape, kind } = variation;
  const D = shape.hiddenSize;
  let [table, gram, layers]: [number[][] | undefined, number[][] | undefined, number] = [undefined, undefined, 0];
  for (let layer = 0; layer < shape.layers; layer++) {
    const kept = keptRows(mask, shape, layer);
    if (kept.length === 0) continue;
    const { u, v } = moved(select(variation.vectorsIn(layer), kept, D), kind, D);
    const inner = (a: readonly Float64Array[], b: readonly Float64Array[]) =>
      a.map(x => b.map(y => x.reduce((sum, value, k) => sum + value * y[k]!, 0)));
    const [uv, uu, vv] = [inner(u, v), inner(u, u), inner(v, v)];
    const trace = (square: number[][]) => square.reduce((sum, row, d) => sum + row[d]!, 0);
    const [size, ofU] = [Math.sqrt(trace(uu) * trace(vv)), trace(uu)];
    if (!(size > 0)) continue;
    table = added(table, uv, 1 / size);
    gram = added(gram, uu, 1 / ofU);
    layers++;
  }
  if (table === undefined || gram === undefined) return null;
  const mean = (square: number[][]) => square.map(row => row.map(x => x / layers));
  return { table: mean(table), gram: mean(gram) };
}

function added(sum: number[][] | undefined, square: number[][], scale: number): number[][] {
  return square.map((row, d) => row.map((x, e) => (sum?.[d]?.[e] ?? 0) + scale * x));
}

/** Sums of <û, v̂>, |û|^2 and |v̂|^2 over seeds and rows, and of |.|^2 before they were centred. */
interface Moments {
  readonly uv: LeaveOuts;
  readonly uu: LeaveOuts;
  readonly vv: LeaveOuts;
  readonly sizes: { readonly u: LeaveOuts; readonly v: LeaveOuts };
}

/** What is left of a sum of squares by rounding, as a share of it. */
const NOTHING = 1e-12;

function correlation({ uv, uu, vv, sizes }: Moments, read: (sums: LeaveOuts) => number): number | null {
  const [a, b] = [read(uu), read(vv)];
  if (!(a > NOTHING * read(sizes.u)) || !(b > NOTHING * read(sizes.v))) return null;
  return read(uv) / Math.sqrt(a * b);
}

function momentsOf(vectors: LayerVectors, kind: Variation['kind'], D: number): Moments {
  const S = vectors.u.length;
  const sums = (a: readonly Float64Array[], b: readonly Float64Array[]) => leaveOutSums(products(a, b, D), S);
  const sizes = { u: sums(vectors.u, vectors.u), v: sums(vectors.v, vectors.v) };
  if (kind === 'change') {
    return { uv: sums(vectors.u, vectors.v), uu: sizes.u, vv: sizes.v, sizes };
  }
  // Centred on all seeds or rows already, so that what follows takes small numbers from small ones.
  const centre = kind === 'demonstrations' ? centredOverSeeds : centredOverRows;
  const [u, v] = [centre(vectors.u, D), centre(vectors.v, D)];
  const left = (a: readonly Float64Array[], b: readonly Float64Array[]) => {
    const parts = twoWayParts(a, b, D);
    return plus(kind === 'demonstrations' ? parts.demonstration : parts.query, parts.interaction);
  };
  if (kind === 'demonstrations') return { uv: left(u, v), uu: left(u, u), vv: left(v, v), sizes };
  const z = centre(vectors.zeroShot, D);
  const [uz, vz, zz] = [left(u, z), left(v, z), left(z, z)];
  return {
    uv: withoutProjection(left(u, v), uz, vz, zz),
    uu: withoutProjection(left(u, u), uz, uz, zz),
    vv: withoutProjection(left(v, v), vz, vz, zz),
    sizes,
  };
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

function plus(a: LeaveOuts, b: LeaveOuts): LeaveOuts {
  return {
    all: a.all + b.all,
    seeds: a.seeds.map((x, d) => x + b.seeds[d]!),
    rows: a.rows.map((x, i) => x + b.rows[i]!),
  };
}

/** û and v̂ of a layer from all its seeds and rows. */
function moved({ u, v, zeroShot }: LayerVectors, kind: Variation['kind'], D: number): Pick<LayerVectors, 'u' | 'v'> {
  if (kind === 'change') return { u, v };
  if (kind === 'demonstrations') return { u: centredOverSeeds(u, D), v: centredOverSeeds(v, D) };
  const z = centredOverRows(zeroShot, D);
  const inner = (a: readonly Float64Array[], b: readonly Float64Array[]) =>
    products(a, b, D).reduce((sum, x) => sum + x, 0);
  const size = inner(z, z);
  const rest = (side: readonly Float64Array[]) => {
    const centred = centredOverRows(side, D);
    const share = size > 0 ? inner(centred, z) / size : 0;
    return centred.map((vectors, d) => vectors.map((x, k) => x - share * z[d]![k]!));
  };
  return { u: rest(u), v: rest(v) };
}

function centredOverSeeds(vectors: readonly Float64Array[], _D: number): readonly Float64Array[] {
  const mean = new Float64Array(vectors[0]!.length);
  for (const own of vectors) for (let k = 0; k < mean.length; k++) mean[k]! += own[k]! / vectors.length;
  return vectors.map(own => own.map((x, k) => x - mean[k]!));
}

/** Each seed's vectors less their mean over rows. */
export function centredOverRows(vectors: readonly Float64Array[], D: number): readonly Float64Array[] {
  return vectors.map(own => {
    const n = own.length / D;
    const mean = new Float64Array(D);
    for (let at = 0; at < own.length; at++) mean[at % D]! += own[at]! / n;
    return own.map((x, at) => x - mean[at % D]!);
  });
}

function select(vectors: LayerVectors, rows: readonly number[], D: number): LayerVectors {
  const of = (side: readonly Float64Array[]) => side.map(own => selectRows(own, rows, D));
  return { u: of(vectors.u), v: of(vectors.v), zeroShot: of(vectors.zeroShot) };
}
