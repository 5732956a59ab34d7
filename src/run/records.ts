import type { ExampleMetrics } from '../metric/measure.ts';
import type { SettingName } from '../setting/setting-name.ts';

/** One example in one setting: a line of `examples.jsonl`. */
export interface ExampleRecord {
  /** Place in the evaluation order, from 0. */
  readonly index: number;
  /** Original row id. */
  readonly row: number;
  readonly setting: SettingName;
  /** Label ids. */
  readonly gold: number;
  readonly predicted: number;
  /** By label id, in nats; the mean over the tokens of a longer label word. */
  readonly logProbabilities: readonly number[];
  /** Fed for this example, without the prefix. */
  readonly tokens: number;
}

/** What a batch leaves. */
export interface BatchRecords {
  /** Example by example as the batch has them, settings in their order. */
  readonly examples: readonly ExampleRecord[];
  /** Lines of `metrics.jsonl`. */
  readonly metrics: readonly ExampleMetrics[];
}
