/**
 * @file The attention outputs that the numbers of a study over several sets of demonstrations read.
 * An arm is a pair of prefix and projections; its outputs at the tap are one flat array [R, L, D]:
 * R rows, L layers, D hidden size. Letters: S seeds, u and v updates of the in-context and the
 * finetuned arm of a seed.
 */
import { isRounding } from './rounding.ts';
import { squaredNorms } from './vectors.ts';

export interface OutputShape {
  readonly rows: number;
  readonly layers: number;
  readonly hiddenSize: number;
}

/** Attention outputs of an arm: [R, L, D]. */
export type ArmOutputs = Float32Array;

/** The two arms of a seed whose updates are compared, and the zero-shot arm of their model. */
export interface ArmPair {
  readonly zeroShot: ArmOutputs;
  /** Of the in-context arm, as a rule. */
  readonly first: ArmOutputs;
  /** Of the finetuned arm, as a rule. */
  readonly second: ArmOutputs;
}

/** Which pairs of row and layer a number leaves out: 1 in [R, L]. */
export type NullMask = Uint8Array;

/** What several numbers leave out together. */
export function unionOfMasks(masks: readonly NullMask[]): NullMask {
  return masks.reduce((union, mask) => union.map((null_, at) => null_ | mask[at]!));
}

export function countNulls(mask: NullMask): number {
  return mask.reduce((sum, null_) => sum + null_, 0);
}

/** Why a number without any row and layer has no value. */
export const ALL_ROUNDING = 'in every row and layer a vector that it reads is zero or rounding';

/** a - b in one layer, for all rows: [R * D]. */
export function differenceInLayer(
  a: ArmOutputs,
  b: ArmOutputs,
  { rows, layers, hiddenSize: D }: OutputShape,
  layer: number,
): Float64Array {
  const difference = new Float64Array(rows * D);
  for (let i = 0; i < rows; i++) {
    const from = (i * layers + layer) * D;
    for (let k = 0; k < D; k++) difference[i * D + k] = a[from + k]! - b[from + k]!;
  }
  return difference;
}

/** One layer of an arm, for all rows: [R * D]. */
export function inLayer(arm: ArmOutputs, { rows, layers, hiddenSize: D }: OutputShape, layer: number): Float64Array {
  const values = new Float64Array(rows * D);
  for (let i = 0; i < rows; i++) {
    const from = (i * layers + layer) * D;
    for (let k = 0; k < D; k++) values[i * D + k] = arm[from + k]!;
  }
  return values;
}

/**
 * Marks the rows of a layer in which a vector is rounding: at most 3e-5 of |h_Z| of its row, layer
 * and model.
 *
 * @param vectors [R * D] each, with the zero-shot outputs of its model in that layer
 */
export function markRounding(
  mask: NullMask,
  { rows, layers, hiddenSize: D }: OutputShape,
  layer: number,
  vectors: readonly { readonly of: Float64Array; readonly zeroShot: Float64Array }[],
): void {
  const sizes = new Map<Float64Array, Float64Array>();
  for (const { of, zeroShot } of vectors) {
    const bases = sizes.get(zeroShot) ?? squaredNorms(zeroShot, D);
    sizes.set(zeroShot, bases);
    const squares = squaredNorms(of, D);
    for (let i = 0; i < rows; i++) {
      if (isRounding(Math.sqrt(squares[i]!), Math.sqrt(bases[i]!))) mask[i * layers + layer] = 1;
    }
  }
}

/** Rows that are not null in a layer. */
export function keptRows(mask: NullMask, { rows, layers }: OutputShape, layer: number): readonly number[] {
  return Array.from({ length: rows }, (_, i) => i).filter(i => mask[i * layers + layer] === 0);
}

/** Rows that are not null in every layer. */
export function rowsWithLayers(mask: NullMask, { rows, layers }: OutputShape): readonly number[] {
  return Array.from({ length: rows }, (_, i) => i).filter(i => mask.subarray(i * layers, (i + 1) * layers).includes(0));
}

/** The zero-shot outputs of pairs in one layer; one array where pairs share their zero-shot arm. */
export function zeroShotInLayer(
  pairs: readonly Pick<ArmPair, 'zeroShot'>[],
  shape: OutputShape,
  layer: number,
): readonly Float64Array[] {
  const read = new Map<ArmOutputs, Float64Array>();
  return pairs.map(({ zeroShot }) => {
    const values = read.get(zeroShot) ?? inLayer(zeroShot, shape, layer);
    read.set(zeroShot, values);
    return values;
  });
}
