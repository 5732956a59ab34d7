import * as z from 'zod';
import type { ExperimentResult } from '../../run/result.ts';
import { settingNames } from '../../setting/setting-name.ts';

const text = z.string();
const count = z.int().nonnegative();
const bound = z.number().nullable();
const why = text.optional();
const bounds = z.object({ low: bound, high: bound, why });
const similarity = z.object({
  value: bound,
  perLayer: z.array(bound),
  n: count,
  skipped: count.optional(),
  why,
  interval: bounds,
});
const setting = z.enum(settingNames);
const interval = z.object({ low: z.number(), high: z.number() });

/** `result.json` of a run, as far as the views read it. */
export const runResult: z.ZodType<ExperimentResult> = z.object({
  schema: z.literal('dualform.run/1'),
  signature: text,
  model: z.object({
    name: text,
    family: text,
    digest: text,
    layers: count,
    heads: count,
    hiddenSize: count,
    parameters: count,
  }),
  task: z.object({
    name: text,
    digest: text,
    template: z.enum(['paper', 'code']),
    labels: z.array(text),
    shots: count,
    shotsAsked: count,
    seed: count,
    demonstrations: z.array(count),
    examples: count,
    evaluationRows: count,
    leaksExcluded: count,
  }),
  finetuning: z.object({
    learningRate: bound,
    losses: z.array(z.number()),
    why,
    steady: z.object({ cosine: bound, moved: bound, pass: z.boolean().nullable(), rows: count, why }),
  }),
  accuracy: z.partialRecord(setting, z.number()),
  uncertainty: z.object({ confidence: z.literal(0.95), over: z.literal('rows only, these demonstrations') }),
  accuracyIntervals: z.partialRecord(setting, interval),
  accuracyTests: z.array(
    z.object({
      first: setting,
      second: setting,
      onlyFirst: count,
      onlySecond: count,
      p: bound,
      adjusted: bound,
      why,
    }),
  ),
  rec2ftp: z.object({
    value: bound,
    numerator: bound,
    denominator: bound,
    why,
    interval: bounds,
    strata: z
      .array(z.object({ seed: count, label: count, n: count, inContext: count, finetuned: count, both: count }))
      .optional(),
    expected: z.number().optional(),
    chance: bound.optional(),
    kappa: z.object({ value: bound, why, interval: bounds }).optional(),
    oddsRatio: z.object({ value: bound, why }).optional(),
  }),
  simAOU: z.object({
    ...similarity.shape,
    random: similarity,
    difference: similarity,
    unnormalised: similarity,
  }),
  simAM: z.object({ ...similarity.shape, zeroShot: similarity, difference: similarity, delta: similarity }),
  kendall: z.object({ ...similarity.shape, random: similarity, difference: similarity }),
});
