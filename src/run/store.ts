/**
 * @file The run folder:
 *
 *     plan.json        every choice, written first
 *     tokens.jsonl     the exact ids of each prefix, finetuning sequence and query
 *     examples.jsonl   labels and log-probabilities, a line per example and setting, batch by batch
 *     metrics.jsonl    the numbers of each layer, a line per example, batch by batch
 *     result.json      a function of the files above; written last
 *     provenance.json  times, memory, machine: what may differ between two runs of one plan
 *
 * A batch is stored when both growing files hold all its lines. When a run continues, whatever
 * follows the last stored batch is cut off: an incomplete line, a line that is not a record, lines
 * of a batch in one file only.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../error.ts';
import type { Json } from '../files/canonical-json.ts';
import { prettyJson } from '../files/pretty-json.ts';
import { openRecordFile } from '../files/record-file.ts';
import { claimFolder, makeFolder, readJson, writeResult, writeText } from '../files/run-folder.ts';
import type { ExampleMetrics } from '../metric/measure.ts';
import { type Plan, upgradePlan } from './plan.ts';
import type { BatchRecords, ExampleRecord } from './records.ts';
import { isExampleLine, layersOfLine } from './stored-lines.ts';

export interface Store {
  readonly folder: string;
  /** Batches that are stored now. */
  readonly stored: () => number;
  /** Examples in those batches. */
  readonly storedExamples: () => number;
  /**
   * Stores batch `index`: the next one, or the last stored one again, to prove that a continued run
   * computes the same numbers.
   * @throws UserError when the proof fails, or the disk refuses
   */
  append(index: number, records: BatchRecords): Promise<void>;
  /** Everything that is stored, in evaluation order. */
  records(): Promise<BatchRecords>;
  writeJson(name: 'result.json' | 'provenance.json', value: Json): Promise<void>;
  readJson(name: 'result.json' | 'provenance.json'): Promise<Json | undefined>;
  close(): Promise<void>;
}

/**
 * Opens the folder of a plan for writing; makes it if it is missing.
 *
 * @param tokens the lines of tokens.jsonl
 * @throws UserError when the folder holds another plan or other files, another process works on it,
 * or the disk refuses
 */
export async function openStore(folder: string, plan: Plan, tokens: readonly Json[]): Promise<Store> {
  const lock = await makeFolder(folder);
  const closing: (() => Promise<void>)[] = [lock.release];
  const close = async () => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  try {
    await claimFolder(folder, plan, upgradePlan);
    await writeTokens(join(folder, 'tokens.jsonl'), tokens.map(line).join(''));
    const examplesFile = await openRecordFile(join(folder, 'examples.jsonl'));
    closing.push(examplesFile.close);
    const metricsFile = await openRecordFile(join(folder, 'metrics.jsonl'));
    closing.push(metricsFile.close);

    const texts = storedBatches(plan, examplesFile.lines, metricsFile.lines);
    const found = texts.reduce((sum, { metrics }) => sum + metrics.length, 0);
    await examplesFile.cut(found * plan.settings.length);
    await metricsFile.cut(found);
    return {
      folder,
      close,
      stored: () => texts.length,
      storedExamples: () => texts.reduce((sum, { metrics }) => sum + metrics.length, 0),
      append: async (index, records) => {
        const batch = { examples: records.examples.map(line), metrics: records.metrics.map(line) };
        if (index === texts.length - 1) return proveSame(folder, texts[index]!, batch);
        if (index !== texts.length) throw new Error(`store: batch ${index} after ${texts.length}`);
        lock.check();
        await examplesFile.append(batch.examples.join(''));
        await metricsFile.append(batch.metrics.join(''));
        texts.push(batch);
      },
      records: async () => ({
        examples: parsed<ExampleRecord>(texts.flatMap(({ examples }) => examples)),
        metrics: parsed<ExampleMetrics>(texts.flatMap(({ metrics }) => metrics)),
      }),
      writeJson: async (name, value) => {
        lock.check();
        await (name === 'result.json' ? writeResult(folder, value) : writeText(join(folder, name), prettyJson(value)));
      },
      readJson: name => readJson(join(folder, name)),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Writes the lines unless the file holds them; an earlier version wrote them with other keys. */
async function writeTokens(path: string, text: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found !== text) await writeText(path, text);
}

interface BatchTexts {
  readonly examples: readonly string[];
  readonly metrics: readonly string[];
}

/** The batches, from the first on, whose lines are complete in both files. */
function storedBatches(plan: Plan, examples: readonly string[], metrics: readonly string[]): BatchTexts[] {
  const complete: BatchTexts[] = [];
  let layers: number | undefined;
  let at = 0;
  for (const batch of plan.batches) {
    const ofBatch = {
      examples: examples.slice(at * plan.settings.length, (at + batch.length) * plan.settings.length),
      metrics: metrics.slice(at, at + batch.length),
    };
    const whole =
      ofBatch.examples.length === batch.length * plan.settings.length &&
      ofBatch.metrics.length === batch.length &&
      ofBatch.examples.every((text, i) => {
        const index = batch[Math.floor(i / plan.settings.length)]!;
        const setting = plan.settings[i % plan.settings.length]!;
        return isExampleLine(text, { index, setting, labels: plan.task.labels.length });
      }) &&
      ofBatch.metrics.every((text, i) => {
        const found = layersOfLine(text, batch[i]!);
        layers ??= found;
        return found !== undefined && found === layers;
      });
    if (!whole) break;
    complete.push({
      examples: ofBatch.examples.map(text => `${text}\n`),
      metrics: ofBatch.metrics.map(text => `${text}\n`),
    });
    at += batch.length;
  }
  return complete;
}

function proveSame(folder: string, stored: BatchTexts, computed: BatchTexts): void {
  const same = (['examples', 'metrics'] as const).every(name => stored[name].join('') === computed[name].join(''));
  if (same) return;
  throw new UserError(
    `${folder}: was begun with other rounding (another machine, or another number of \`threads\`) and would not end with the same numbers`,
    { remedy: 'continue there with the number of `threads` that it was begun with, or give another `out`' },
  );
}

function parsed<T extends { readonly index: number }>(lines: readonly string[]): T[] {
  return lines.map(text => JSON.parse(text) as T).sort((a, b) => a.index - b.index);
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
