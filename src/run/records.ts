import type { ExampleMetrics } from '../metric/measure.ts';
import type { SettingName } from '../setting/setting-name.ts';

/** One example in one setting: a line of `examples.jsonl`. */
export interface ExampleRecord {
  /** Index in the evaluation order, from 0. */
  readonly index: number;
  /** Original row id. */
  readonly row: number;
  readonly setting: SettingName;
  /** Label ids. */
  readonly gold: number;
  readonly predicted: number;
  /** By label id, in nats; the mean over tokens for label words of several tokens. */
  readonly logProbabilities: readonly number[];
  /** Fed for this example, without the prefix. */
  readonly tokens: number;
}

/** The records of one batch. */
export interface BatchRecords {
  /** In the order of the batch; for each example, the settings in their order. */
  readonly examples: readonly ExampleRecord[];
  /** Lines of `metrics.jsonl`. */
  readonly metrics: readonly ExampleMetrics[];
}
