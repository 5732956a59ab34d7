/**
 * @file The answers of an independent torch program: SST-2, 32 shots, seed 3, learning rate 0.003,
 * separator `\n\n`, tap at the prompt's end.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExampleRecord } from '../../src/run/records.ts';
import { runExperiment } from '../../src/run/run.ts';
import type { SettingName } from '../../src/setting/setting-name.ts';

type Short = 'zsl' | 'icl' | 'ft';
type Metric = 'simaou' | 'simaou_unnormalised' | 'simam' | 'simam_zsl' | 'simam_delta' | 'kendall';

export interface GoldenSst2 extends Readonly<Record<Metric, number>> {
  readonly losses: readonly number[];
  readonly acc: Readonly<Record<Short, number>>;
  readonly f2t_ft: number;
  readonly both: number;
  readonly pred: Readonly<Record<Short, readonly number[]>>;
  /** Of the first 20 examples. */
  readonly logp: Readonly<Record<Short, readonly (readonly number[])[]>>;
}

export const shortNames: Readonly<Record<SettingName, Short>> = {
  'zero-shot': 'zsl',
  'in-context': 'icl',
  finetuned: 'ft',
};

export async function readGoldenSst2(): Promise<GoldenSst2> {
  const file = new URL('../golden/smollm2/sst2_k32_s3_n200_lr0.003.json', import.meta.url);
  return JSON.parse(await readFile(file, 'utf8')) as GoldenSst2;
}

export const perLayer = (golden: GoldenSst2, metric: Metric): readonly number[] =>
  (golden as unknown as Record<string, readonly number[]>)[`${metric}_per_layer`]!;

/** The same run with the first `limit` rows. */
export async function runSst2(folder: string, limit: number) {
  const choices = { task: 'sst2', shots: 32, seed: 3, learningRate: 0.003, limit, steadyCheck: false } as const;
  const run = await runExperiment({ ...choices, out: folder });
  const lines = (await readFile(join(folder, 'examples.jsonl'), 'utf8')).trimEnd().split('\n');
  const examples = lines.map(line => JSON.parse(line) as ExampleRecord).sort((a, b) => a.index - b.index);
  return { ...run, of: (setting: SettingName) => examples.filter(record => record.setting === setting) };
}

/**
 * How far the run may be from torch, as the largest difference over the root mean square: 32 steps
 * of finetuning add up what the single pass of the golden families differs by.
 */
export const SST2_BOUND = 1e-4;

/** A margin below which rounding may decide. */
const MARGIN = 1e-3;

/** Where predictions differ although the log-probabilities of the two labels are apart. */
export function realFlips(records: readonly ExampleRecord[], predictions: readonly number[]): readonly number[] {
  return records
    .filter(({ index, predicted }) => predicted !== predictions[index])
    .filter(({ logProbabilities: [a, b] }) => Math.abs(a! - b!) >= MARGIN)
    .map(({ index }) => index);
}

/**
 * Log-probabilities of the rows that the golden answers hold, measured and expected, one behind the
 * other.
 */
export function logProbabilities(records: readonly ExampleRecord[], golden: readonly (readonly number[])[]) {
  const compared = records.slice(0, golden.length);
  return {
    measured: compared.flatMap(record => record.logProbabilities),
    expected: golden.slice(0, compared.length).flat(),
  };
}
