import { meanOf } from '../means.ts';

/** Measures of heads over queries; undefined ones are null. */
export interface Gathered<M> {
  readonly add: (layer: number, head: number, measures: M) => void;
  /** Means over queries, head by head and layer by layer. */
  readonly each: (key: keyof M) => readonly (number | null)[];
  /** Mean over the heads of a layer. */
  readonly layer: (layer: number, key: keyof M) => number | null;
  /** Of every layer. */
  readonly layers: (key: keyof M) => readonly (number | null)[];
}

export function gathered<M extends Readonly<Record<keyof M, number | null>>>(
  layers: number,
  heads: number,
): Gathered<M> {
  const all: M[][][] = Array.from({ length: layers }, () => Array.from({ length: heads }, () => []));
  const ofHead = (measures: readonly M[], key: keyof M) => defined(measures.map(m => m[key]));
  const layer = (l: number, key: keyof M) => defined(all[l]!.map(measures => ofHead(measures, key)));
  return {
    add: (l, head, measures) => {
      all[l]![head]!.push(measures);
    },
    each: key => all.flatMap(heads => heads.map(measures => ofHead(measures, key))),
    layer,
    layers: key => all.map((_, l) => layer(l, key)),
  };
}

/** Mean of the values that are not null; null if there are none. */
export function defined(values: readonly (number | null)[]): number | null {
  const known = values.filter(value => value !== null);
  return known.length === 0 ? null : meanOf(known);
}
