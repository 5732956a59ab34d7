import type { Bounds } from '../statistics/interval.ts';
import type { PerLayer } from './per-layer.ts';
import { rowInterval } from './row-interval.ts';

/** A similarity over many examples. */
export interface Similarity {
  /** Mean over layers of `perLayer`; null with `why`. */
  readonly value: number | null;
  /**
   * Mean over examples for each layer; null, with `why`, if every example is undefined; empty if
   * nothing was measured.
   */
  readonly perLayer: PerLayer;
  /** Examples with a value in at least one layer. */
  readonly n: number;
  /**
   * Pairs of example and layer that are undefined and left out of the means; absent if there are
   * none.
   */
  readonly skipped?: number;
  readonly why?: string;
  /** 95 % t interval of `value` over rows, with these demonstrations. */
  readonly interval: Bounds;
}

/**
 * Folds values [example][layer] as the official code of Dai et al. does: mean over examples in each
 * layer, then mean over layers. Undefined values are left out and counted. Sums run in the given
 * order, so examples in evaluation order give the same bits however they were batched. `reason`
 * says when a value of this metric is undefined.
 */
export function foldExamples(examples: readonly PerLayer[], reason: string): Similarity {
  const layers = examples[0]?.length ?? 0;
  const sums = new Float64Array(layers);
  const counts = new Uint32Array(layers);
  let n = 0;
  let skipped = 0;
  for (const values of examples) {
    if (values.length !== layers) throw new Error(`fold: examples of ${layers} and of ${values.length} layers`);
    let defined = 0;
    for (const [layer, value] of values.entries()) {
      if (value === null) continue;
      sums[layer]! += value;
      counts[layer]!++;
      defined++;
    }
    if (defined > 0) n++;
    skipped += layers - defined;
  }
  const perLayer = Array.from(sums, (sum, layer) => (counts[layer] === 0 ? null : sum / counts[layer]!));
  const definedLayers = perLayer.filter(mean => mean !== null);
  const value =
    definedLayers.length === 0 ? null : definedLayers.reduce((sum, mean) => sum + mean, 0) / definedLayers.length;
  const why = whyUndefined(examples.length, perLayer, reason);
  const interval = rowInterval(examples, perLayer, value);
  return { value, perLayer, n, ...(skipped > 0 && { skipped }), ...(why !== undefined && { why }), interval };
}

/**
 * One example's values minus others of the same example, layer by layer; undefined if one of the
 * two is.
 */
export function differenceOf(values: PerLayer | undefined, less: PerLayer | undefined): PerLayer | undefined {
  return values && less && values.map((value, layer) => minus(value, less[layer]!));
}

function minus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

/** A similarity that was not measured. */
export function notMeasured(why: string): Similarity {
  return { value: null, perLayer: [], n: 0, why, interval: { low: null, high: null, why: 'there is no value' } };
}

function whyUndefined(examples: number, perLayer: PerLayer, reason: string): string | undefined {
  if (examples === 0) return 'no examples';
  const undefinedLayers = perLayer.flatMap((mean, layer) => (mean === null ? [layer] : []));
  if (undefinedLayers.length === 0) return undefined;
  if (undefinedLayers.length === perLayer.length) return `${reason} in every example and layer`;
  const noun = undefinedLayers.length === 1 ? 'layer' : 'layers';
  return `${reason} in every example of ${noun} ${undefinedLayers.join(', ')}`;
}
