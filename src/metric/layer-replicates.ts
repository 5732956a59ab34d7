import { ALL_ROUNDING, countNulls, type NullMask, type OutputShape, rowsWithLayers } from './arm-outputs.ts';
import type { Replicated } from './replicated.ts';

/** A number of one layer, with what it is without each seed and without each kept row. */
export interface LayerValue {
  readonly value: number | null;
  readonly seeds: readonly (number | null)[];
  /** In the order of `kept`. */
  readonly rows: readonly (number | null)[];
  /** Rows that are not null in the layer. */
  readonly kept: readonly number[];
}

/** A number that is the mean over layers, with that of each layer. */
export interface LayeredNumber extends Replicated {
  readonly layers: readonly Replicated[];
}

/**
 * The mean over layers of a number, and its replicates: layers without a kept row, or without a
 * value, are left out; a row that is null in a layer does not count there, and one that is null in
 * all does not count at all.
 */
export function meanOverLayers(
  layers: readonly LayerValue[],
  mask: NullMask,
  shape: OutputShape,
  why = ALL_ROUNDING,
): LayeredNumber {
  const S = layers[0]?.seeds.length ?? 0;
  const defined = layers.filter(({ value }) => value !== null);
  const mean = (values: readonly (number | null)[]) =>
    values.length === 0 || values.includes(null)
      ? null
      : (values as readonly number[]).reduce((sum, x) => sum + x, 0) / values.length;
  const value = mean(defined.map(layer => layer.value));
  const placeOf = defined.map(({ kept }) => new Map(kept.map((row, place) => [row, place])));
  const without = (row: number) =>
    mean(
      defined.map((layer, l) => {
        const place = placeOf[l]!.get(row);
        return place === undefined ? layer.value : layer.rows[place]!;
      }),
    );
  return {
    value,
    ...(value === null && { why }),
    seeds: Array.from({ length: S }, (_, d) => mean(defined.map(({ seeds }) => seeds[d]!))),
    rows: rowsWithLayers(mask, shape).map(without),
    skipped: countNulls(mask),
    layers: layers.map(layer => ({
      value: layer.value,
      ...(layer.value === null && { why }),
      seeds: layer.seeds,
      rows: layer.rows,
      skipped: shape.rows - layer.kept.length,
    })),
  };
}
