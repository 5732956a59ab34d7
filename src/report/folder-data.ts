/** @file The data of a folder as views, reports and the page take them. */
import * as z from 'zod';
import { storedExample, storedMetrics } from '../run/stored-lines.ts';

/** What left a folder. */
export const folderKinds = ['run', 'table', 'tune', 'evidence', 'momentum', 'theory', 'train', 'sweep'] as const;
export type FolderKind = (typeof folderKinds)[number];

const place = z.int().nonnegative();
const ids = z.array(place);

/** A line of `examples.jsonl`; later versions may add keys. */
export const exampleLine = z.object(storedExample.shape);
export type ExampleLine = z.infer<typeof exampleLine>;

/** A line of `metrics.jsonl`, of which the views show these similarities. */
export const metricLine = z.object(storedMetrics.shape).pick({
  index: true,
  row: true,
  simAOU: true,
  simAOURandom: true,
  simAM: true,
  simAMZeroShot: true,
  kendall: true,
  kendallRandom: true,
});
export type MetricLine = z.infer<typeof metricLine>;

/** A line of `tokens.jsonl`: ids that are fed. */
export const tokenLine = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('prefix'), setting: z.string(), tokens: ids }),
  z.object({ kind: z.literal('finetuning'), step: place, row: place, label: place, tokens: ids }),
  z.object({
    kind: z.literal('query'),
    index: place,
    row: place,
    label: place,
    tokens: ids,
    otherLabels: z.array(ids).optional(),
  }),
]);
export type TokenLine = z.infer<typeof tokenLine>;

/** A line of `train.jsonl`. Losses in nats per token. */
export const lossLine = z.union([
  z.object({ step: place, loss: z.number() }),
  z.object({ step: place, validationLoss: z.number() }),
]);
export type LossLine = z.infer<typeof lossLine>;

/** The text of what a folder feeds, and where it comes from. */
export type TokenTexts =
  | {
      /** `tokens.jsonl, by the tokenizer of smollm2-135m-instruct` */
      readonly from: string;
      /** Of each token by its id; a part of a character is U+FFFD. */
      readonly pieces: Readonly<Record<string, string>>;
      /** Of each line of `tokens.jsonl`. */
      readonly sequences: readonly string[];
    }
  | { readonly from: null; readonly why: string };

/** Everything that a folder holds, under the keys of today. */
export interface FolderData {
  readonly kind: FolderKind;
  /** The name of the folder, without its path. */
  readonly name: string;
  /**
   * `result.json`. Of a sweep `{ plan, cells }`, of a table `{ runs, papers }`, of a theory folder
   * `{ schema, chapters }`, as those folders have no such file. Null while it is not finished.
   */
  readonly result: unknown;
  readonly plan?: unknown;
  readonly provenance?: unknown;
  /** Of a run. */
  readonly examples?: readonly ExampleLine[];
  readonly metrics?: readonly MetricLine[];
  readonly tokens?: readonly TokenLine[];
  readonly texts?: TokenTexts;
  /** Of a training. */
  readonly losses?: readonly LossLine[];
}
