/**
 * @file Inner products of what a property X of the demonstrations moves: û of the first arms and v̂
 * of the second ones, in one layer, for each seed and row.
 */
import { type ArmOutputs, type ArmPair, differenceInLayer, type OutputShape, zeroShotInLayer } from './arm-outputs.ts';
import { centred, products, selectVectors } from './vectors.ts';

/** Two sets of vectors whose variation is compared: see the functions that make a variation. */
export interface Variation {
  readonly shape: OutputShape;
  readonly kind: 'demonstrations' | 'change' | 'query';
  readonly pairs: readonly ArmPair[];
  /** The arms with X changed, of a change. */
  readonly changed?: readonly Pick<ArmPair, 'first' | 'second'>[];
  /** Products of whole layers that are known already; those that are computed are added. */
  readonly wholes?: Map<number, MovedProducts>;
}

/** Inner products of each seed and row: [S, n] each. */
export interface MovedProducts {
  readonly uv: Float64Array;
  readonly uu: Float64Array;
  readonly vv: Float64Array;
  /** With h_Z, where û is less its projection on it. */
  readonly z?: { readonly u: Float64Array; readonly v: Float64Array; readonly z: Float64Array };
}

/** The products of one layer over the given rows. What û and v̂ are centred on is theirs. */
export function movedProducts(variation: Variation, layer: number, rows: readonly number[]): MovedProducts {
  return variation.kind === 'query' ? queryProducts(variation, layer, rows) : productsByRow(variation, layer, rows);
}

/** û and v̂ of a row have nothing to do with other rows. */
function productsByRow(variation: Variation, layer: number, rows: readonly number[]): MovedProducts {
  const { shape, pairs } = variation;
  const [S, n, D] = [pairs.length, rows.length, shape.hiddenSize];
  const [uv, uu, vv] = [new Float64Array(S * n), new Float64Array(S * n), new Float64Array(S * n)];
  const [u, v] = [new Float64Array(S * D), new Float64Array(S * D)];
  for (const [place, row] of rows.entries()) {
    fillMoved(variation, 'first', row, layer, u);
    fillMoved(variation, 'second', row, layer, v);
    for (let d = 0; d < S; d++) {
      let ab = 0;
      let aa = 0;
      let bb = 0;
      for (let k = d * D; k < (d + 1) * D; k++) {
        const x = u[k]!;
        const y = v[k]!;
        ab += x * y;
        aa += x * x;
        bb += y * y;
      }
      uv[d * n + place] = ab;
      uu[d * n + place] = aa;
      vv[d * n + place] = bb;
    }
  }
  return { uv, uu, vv };
}

/**
 * û (of `first`) or v̂ (of `second`) of all seeds in one row and layer, for demonstrations and
 * changes.
 *
 * @param out [S * D]
 */
export function fillMoved(
  { shape: { layers, hiddenSize: D }, pairs, changed }: Variation,
  side: 'first' | 'second',
  row: number,
  layer: number,
  out: Float64Array,
): void {
  const from = (row * layers + layer) * D;
  if (changed !== undefined) {
    for (let d = 0; d < pairs.length; d++) {
      const arm = pairs[d]![side];
      const other = changed[d]![side];
      for (let k = 0; k < D; k++) out[d * D + k] = arm[from + k]! - other[from + k]!;
    }
    return;
  }
  const mean = new Float64Array(D);
  for (const pair of pairs) addTo(mean, pair[side], from);
  for (let k = 0; k < D; k++) mean[k]! /= pairs.length;
  for (let d = 0; d < pairs.length; d++) {
    const arm = pairs[d]![side];
    for (let k = 0; k < D; k++) out[d * D + k] = arm[from + k]! - mean[k]!;
  }
}

function addTo(sum: Float64Array, arm: ArmOutputs, from: number): void {
  for (let k = 0; k < sum.length; k++) sum[k]! += arm[from + k]!;
}

/** û = u - mean over rows of u, with its products with h_Z, centred as well. */
function queryProducts({ shape, pairs }: Variation, layer: number, rows: readonly number[]): MovedProducts {
  const D = shape.hiddenSize;
  const centredRows = (of: Float64Array) => centred(selectVectors(of, rows, D), D);
  const side = (name: 'first' | 'second') =>
    pairs.map(pair => centredRows(differenceInLayer(pair[name], pair.zeroShot, shape, layer)));
  const [a, b] = [side('first'), side('second')];
  const bases = zeroShotInLayer(pairs, shape, layer);
  const made = new Map(bases.map(own => [own, own]));
  for (const own of made.keys()) made.set(own, centredRows(own));
  const z = bases.map(own => made.get(own)!);
  return {
    ...{ uv: products(a, b, D), uu: products(a, a, D), vv: products(b, b, D) },
    z: { u: products(a, z, D), v: products(b, z, D), z: products(z, z, D) },
  };
}
