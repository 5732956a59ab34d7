import {
  ALL_ROUNDING,
  type ArmPair,
  differenceInLayer,
  keptRows,
  type NullMask,
  type OutputShape,
} from './arm-outputs.ts';
import { type LayeredNumber, type LayerValue, meanOverLayers } from './layer-replicates.ts';
import type { LeaveOuts } from './replicated.ts';
import { isRounding } from './rounding.ts';
import { type TwoWayParts, twoWayParts } from './two-way-sums.ts';
import { selectVectors } from './vectors.ts';

export const partNames = ['generic', 'demonstration', 'query', 'interaction'] as const;

export type Parts = Readonly<Record<(typeof partNames)[number], LayeredNumber>>;

/** The pooled cosine of two sets of updates, and the parts that add up to it. */
export interface Partition extends Parts {
  /** P = sum <u, v> / sqrt(sum |u|^2 sum |v|^2). */
  readonly total: LayeredNumber;
  /** Shares of sum |u|^2, which add up to 1. */
  readonly ofFirst: Parts;
  /** Shares of sum |v|^2. */
  readonly ofSecond: Parts;
}

/** Rows and layers in which an update of a seed is rounding. */
export function updateMask({ rows, layers, hiddenSize: D }: OutputShape, pairs: readonly ArmPair[]): NullMask {
  const mask = new Uint8Array(rows * layers);
  for (const { zeroShot, first, second } of pairs) {
    for (let at = 0; at < mask.length; at++) {
      let uu = 0;
      let vv = 0;
      let zz = 0;
      for (let k = at * D; k < (at + 1) * D; k++) {
        const z = zeroShot[k]!;
        uu += (first[k]! - z) ** 2;
        vv += (second[k]! - z) ** 2;
        zz += z * z;
      }
      const size = Math.sqrt(zz);
      if (isRounding(Math.sqrt(uu), size) || isRounding(Math.sqrt(vv), size)) mask[at] = 1;
    }
  }
  return mask;
}

/**
 * Splits the similarity of updates u = h_first - h_Z and v = h_second - h_Z into what is the same
 * for all (generic), what depends on the demonstrations, on the query, and on both. In each layer
 * both are split into grand mean, seed part, row part and rest, which are orthogonal
 * (`TwoWayParts`), so that the four parts add up to P exactly. Means over layers. Unrelated updates
 * have a demonstration part and an interaction of 0 on average; the query part holds -h_Z on both
 * sides.
 */
export function partition(shape: OutputShape, pairs: readonly ArmPair[], mask = updateMask(shape, pairs)): Partition {
  const D = shape.hiddenSize;
  const layers = Array.from({ length: shape.layers }, (_, layer) => {
    const kept = keptRows(mask, shape, layer);
    if (kept.length === 0) return { kept };
    const updates = (side: 'first' | 'second') =>
      pairs.map(pair => selectVectors(differenceInLayer(pair[side], pair.zeroShot, shape, layer), kept, D));
    const [u, v] = [updates('first'), updates('second')];
    return { kept, uv: twoWayParts(u, v, D), uu: twoWayParts(u, u, D), vv: twoWayParts(v, v, D) };
  });
  type Layer = (typeof layers)[number];
  const number = (value: (layer: Required<Layer>, read: (sums: LeaveOuts) => number) => number): LayeredNumber =>
    meanOverLayers(
      layers.map((layer): LayerValue => {
        const { kept } = layer;
        const S = pairs.length;
        if (layer.uv === undefined) return { value: null, seeds: Array(S).fill(null), rows: [], kept };
        const of = (read: (sums: LeaveOuts) => number) => {
          const found = value(layer as Required<Layer>, read);
          return Number.isFinite(found) ? found : null;
        };
        return {
          value: of(({ all }) => all),
          seeds: pairs.map((_, d) => of(({ seeds }) => seeds[d]!)),
          rows: kept.map((_, i) => of(({ rows }) => rows[i]!)),
          kept,
        };
      }),
      mask,
      shape,
      ALL_ROUNDING,
    );
  const parts = (of: (name: keyof TwoWayParts) => LayeredNumber): Parts => ({
    generic: of('generic'),
    demonstration: of('demonstration'),
    query: of('query'),
    interaction: of('interaction'),
  });
  const pooled = (name: keyof TwoWayParts) =>
    number(({ uv, uu, vv }, read) => read(uv[name]) / Math.sqrt(read(uu.total) * read(vv.total)));
  return {
    total: pooled('total'),
    ...parts(pooled),
    ofFirst: parts(name => number(({ uu }, read) => read(uu[name]) / read(uu.total))),
    ofSecond: parts(name => number(({ vv }, read) => read(vv[name]) / read(vv.total))),
  };
}
