/** @file A run as the views show it: its rows with all settings side by side. */
import * as z from 'zod';
import type { ExperimentResult } from '../../run/result.ts';
import { type SettingName, settingNames } from '../../setting/setting-name.ts';
import type { ExampleLine, FolderData, MetricLine, TokenLine, TokenTexts } from '../folder-data.ts';
import { readResult } from '../read-result.ts';
import { type Flow, flowOf } from './flow.ts';
import { runResult } from './run-result.ts';

/** What a setting answers to a row. */
export interface Answer extends Pick<ExampleLine, 'predicted' | 'logProbabilities' | 'tokens'> {
  readonly right: boolean;
}

export interface RunRow {
  /** In the evaluation order. */
  readonly index: number;
  /** Of the data set. */
  readonly row: number;
  readonly gold: number;
  readonly answers: Readonly<Partial<Record<SettingName, Answer>>>;
  /** Where zero-shot and another setting were run. */
  readonly flow?: Flow | undefined;
  /** Means over layers; null where undefined or not measured. */
  readonly simAOU: number | null;
  readonly simAM: number | null;
  /** The query: prompt and label word, as far as it is fed. */
  readonly query?: Fed | undefined;
}

/** Tokens that are fed, and their text where the tokenizer is there. */
export interface Fed {
  readonly tokens: readonly number[];
  readonly text?: string | undefined;
}

export interface Demonstration extends Fed {
  /** From 0 on. */
  readonly step: number;
  readonly row: number;
  readonly label: number;
  /** Before its step, in nats per token. */
  readonly loss: number | null;
}

export interface RunData {
  readonly name: string;
  readonly result: ExperimentResult;
  readonly settings: readonly SettingName[];
  readonly rows: readonly RunRow[];
  readonly metrics: readonly MetricLine[];
  readonly prefixes: readonly ({ readonly setting: string } & Fed)[];
  readonly demonstrations: readonly Demonstration[];
  readonly texts: TokenTexts;
  readonly plan: RunPlan;
  /** That computed it; absent in earlier versions, which had the CPU alone. */
  readonly device?: string | undefined;
  readonly provenance?: unknown;
}

/** What the views read of `plan.json`; earlier versions lack keys. */
const runPlan = z
  .object({
    model: z.object({ precision: z.string().optional() }),
    tap: z.string(),
    bos: z.int(),
    separator: z.array(z.int()),
    steadyRows: z.int(),
    batchSize: z.int(),
  })
  .partial();
export type RunPlan = z.infer<typeof runPlan>;

const deviceFile = z.object({ provenance: z.object({ device: z.string() }) });

/** @throws UserError when the run is not finished, or damaged */
export function readRun(folder: FolderData): RunData {
  const result = readResult(folder, runResult);
  const { examples = [], metrics = [], tokens = [], texts } = folder;
  const settings = settingNames.filter(name => result.accuracy[name] !== undefined);
  const fed = (line: TokenLine): Fed => ({
    tokens: line.tokens,
    text: texts?.from == null ? undefined : texts.sequences[tokens.indexOf(line)],
  });
  const queries = new Map(tokens.flatMap(line => (line.kind === 'query' ? [[line.index, fed(line)] as const] : [])));
  const measured = new Map(metrics.map(line => [line.index, line]));
  const losses = result.finetuning.losses;
  return {
    name: folder.name,
    result,
    settings,
    rows: [...grouped(examples)].map(([index, lines]) => {
      const answers = answersOf(lines);
      const { row, gold } = lines[0]!;
      const { simAOU, simAM } = measured.get(index) ?? {};
      return {
        index,
        row,
        gold,
        answers,
        flow: flowOf(answers),
        simAOU: meanOfLayers(simAOU),
        simAM: meanOfLayers(simAM),
        query: queries.get(index),
      };
    }),
    metrics,
    prefixes: tokens.flatMap(line => (line.kind === 'prefix' ? [{ setting: line.setting, ...fed(line) }] : [])),
    demonstrations: tokens.flatMap(line =>
      line.kind === 'finetuning'
        ? [{ step: line.step, row: line.row, label: line.label, loss: losses[line.step] ?? null, ...fed(line) }]
        : [],
    ),
    texts: texts ?? { from: null, why: 'no tokenizer was given' },
    plan: runPlan.safeParse(folder.plan).data ?? {},
    device: deviceFile.safeParse(folder.provenance).data?.provenance.device,
    provenance: folder.provenance,
  };
}

function grouped(examples: readonly ExampleLine[]): ReadonlyMap<number, readonly ExampleLine[]> {
  const rows = new Map<number, ExampleLine[]>();
  for (const line of examples) {
    const row = rows.get(line.index);
    if (row === undefined) rows.set(line.index, [line]);
    else row.push(line);
  }
  return rows;
}

function answersOf(lines: readonly ExampleLine[]): RunRow['answers'] {
  return Object.fromEntries(
    lines.map(({ setting, gold, predicted, logProbabilities, tokens }) => [
      setting,
      { predicted, logProbabilities, tokens, right: predicted === gold },
    ]),
  );
}

function meanOfLayers(layers: readonly (number | null)[] | undefined): number | null {
  const known = layers?.filter(value => value !== null) ?? [];
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
