/** @file The lines of a run folder, and their checks, so that damage on disk does not become a number. */
import * as z from 'zod';
import type { ExampleMetrics } from '../metric/measure.ts';
import type { ExampleRecord } from './records.ts';

const place = z.int().nonnegative();
/** A line of `examples.jsonl`: a row in one setting. */
export const storedExample = z.strictObject({
  index: place,
  row: place,
  setting: z.string(),
  gold: place,
  predicted: place,
  logProbabilities: z.array(z.number()),
  tokens: place,
});

const layers = z.array(z.number().nullable());
const perLayer = layers.optional();
/** A line of `metrics.jsonl`: the similarities of a row by layer; absent where not measured. */
export const storedMetrics = z.strictObject({
  index: place,
  row: place,
  simAOU: perLayer,
  simAOURandom: perLayer,
  simAOUUnnormalised: perLayer,
  simAM: perLayer,
  simAMZeroShot: perLayer,
  simAMDelta: perLayer,
  kendall: perLayer,
  kendallRandom: perLayer,
  steady: z.strictObject({ cosines: layers, moved: z.boolean() }).optional(),
} satisfies Record<keyof ExampleMetrics, z.ZodType>);

/**
 * Whether a line of `examples.jsonl` is the record of this example in this setting, with this
 * number of labels.
 */
export function isExampleLine(
  line: string,
  at: Pick<ExampleRecord, 'index' | 'setting'> & { readonly labels: number },
): boolean {
  const { data } = storedExample.safeParse(parsed(line));
  return (
    data !== undefined &&
    data.index === at.index &&
    data.setting === at.setting &&
    data.logProbabilities.length === at.labels &&
    Math.max(data.gold, data.predicted) < at.labels
  );
}

/**
 * The number of layers in a line of `metrics.jsonl`, 0 if it holds no metric; undefined if it is
 * not the record of this example.
 */
export function layersOfLine(line: string, index: number): number | undefined {
  const { data } = storedMetrics.safeParse(parsed(line));
  if (data?.index !== index) return undefined;
  const { steady, ...others } = data;
  const lists = [...Object.values(others), steady?.cosines].filter(value => Array.isArray(value));
  const lengths = new Set(lists.map(({ length }) => length));
  return lengths.size > 1 ? undefined : ([...lengths][0] ?? 0);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
