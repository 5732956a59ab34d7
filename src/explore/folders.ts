/** @file Reads the folders that commands leave, of earlier versions too. Nothing is written. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type * as z from 'zod';
import { UserError } from '../error.ts';
import { isObject, type Json } from '../files/canonical-json.ts';
import { decodeText } from '../files/decode-text.ts';
import { fileError, readSmallFile } from '../files/file-bytes.ts';
import { renameKeys, valueAt } from '../files/rename-keys.ts';
import { parseShallowJson } from '../files/shallow-json.ts';
import {
  type ExampleLine,
  exampleLine,
  type FolderData,
  type FolderKind,
  lossLine,
  metricLine,
  tokenLine,
} from '../report/folder-data.ts';
import { upgradePlan } from '../run/plan.ts';
import { upgradeMomentumPlan } from '../study/momentum/plan.ts';
import { upgradeTrainingPlan } from '../train/plan.ts';

/** Bytes of a file that is read whole. A run of 10,000 rows has 45 MB of metrics. */
const MOST_BYTES = 256e6;
/** Levels below a folder in which folders are looked for. */
const MOST_LEVELS = 3;

/** The first word of the schema of a plan, and what left it. */
const PLANS: readonly (readonly [schema: string, kind: FolderKind])[] = [
  ['dualform.plan/', 'run'],
  ['dualform.momentum-plan/', 'momentum'],
  ['dualform.theory-plan/', 'theory'],
  ['dualform.train-plan/', 'train'],
  ['dualform.evidence-plan/', 'evidence'],
];
const RESULTS: Readonly<Record<string, FolderKind>> = {
  'dualform.run/1': 'run',
  'dualform.tune/1': 'tune',
  'dualform.evidence/1': 'evidence',
  'dualform.momentum/1': 'momentum',
  'dualform.train/1': 'train',
};

/**
 * What left a folder; undefined for any other folder.
 *
 * @throws UserError when the folder, or a file in it, cannot be read
 */
export async function kindOfFolder(folder: string): Promise<FolderKind | undefined> {
  const names = new Set(await listing(folder));
  if (names.has('sweep.json')) return 'sweep';
  if (names.has('result.json')) {
    const schema = valueAt(await requireJson(join(folder, 'result.json')), 'schema');
    const known = typeof schema === 'string' ? RESULTS[schema] : undefined;
    if (known !== undefined) return known;
  }
  if (names.has('plan.json')) {
    const schema = valueAt(await requireJson(join(folder, 'plan.json')), 'schema');
    const known = PLANS.find(([start]) => typeof schema === 'string' && schema.startsWith(start));
    if (known !== undefined) return known[1];
  }
  for (const name of names) {
    if (!name.startsWith('.') && (await finishedRunIn(join(folder, name)))) return 'table';
  }
  return undefined;
}

/**
 * Everything that a folder holds.
 *
 * @throws UserError when nothing of this program left it, or a file in it is damaged or too large
 */
export async function readFolder(folder: string): Promise<FolderData> {
  const kind = await kindOfFolder(folder);
  if (kind === undefined) {
    throw new UserError(`${folder}: holds no result that can be shown`, {
      remedy: 'name a folder that run, table, tune, evidence, momentum, theory, train or sweep has written',
    });
  }
  const name = basename(resolve(folder));
  const [result, plan, provenance] = await Promise.all([
    jsonIn(folder, 'result.json'),
    jsonIn(folder, 'plan.json'),
    jsonIn(folder, 'provenance.json'),
  ]);
  const common = { kind, name, ...(provenance !== undefined && { provenance: upgradeProvenance(provenance) }) };
  const planned = (upgrade: (found: Json) => Json) => (plan === undefined ? {} : { plan: upgrade(plan) });
  switch (kind) {
    case 'run':
      return {
        ...common,
        ...planned(upgradePlan),
        result: result === undefined ? null : renameKeys(result, { 'model.width': 'hiddenSize' }),
        ...(await linesOfRun(folder)),
      };
    case 'train':
      return {
        ...common,
        ...planned(upgradeTrainingPlan),
        result: result === undefined ? null : renameKeys(result, { 'model.width': 'hiddenSize' }),
        losses: await linesIn(folder, 'train.jsonl', lossLine),
      };
    case 'momentum':
      return {
        ...common,
        ...planned(upgradeMomentumPlan),
        result:
          result === undefined
            ? null
            : renameKeys(result, { 'tasks.*.model.width': 'hiddenSize', 'tasks.language.judged': 'evaluated' }),
      };
    case 'theory':
      return { ...common, ...planned(same), result: await chaptersIn(folder) };
    case 'sweep':
      return { ...common, result: { plan: (await jsonIn(folder, 'sweep.json'))!, cells: await cellsIn(folder) } };
    case 'table':
      return { ...common, result: await runsIn(folder) };
    case 'tune':
    case 'evidence':
      return { ...common, ...planned(same), result: result ?? null };
  }
}

/** A folder that holds something. */
export interface FoundFolder {
  readonly folder: string;
  readonly kind: FolderKind;
}

/**
 * The folders that commands left in `root`, itself among them, at most three levels down; not those
 * inside another of them. A damaged one is left out.
 */
export async function findFolders(root: string): Promise<readonly FoundFolder[]> {
  return search(resolve(root), MOST_LEVELS);
}

async function search(folder: string, levels: number): Promise<readonly FoundFolder[]> {
  const kind = await kindOfFolder(folder).catch(() => undefined);
  // A folder of runs may be the `out` of a table, or just hold runs: they are shown one by one.
  if (kind !== undefined && kind !== 'table') return [{ folder, kind }];
  if (levels === 0) return [];
  const names = (await listing(folder).catch(() => [])).filter(
    name => !name.startsWith('.') && name !== 'node_modules',
  );
  const found = [];
  for (const name of names.sort()) {
    const path = join(folder, name);
    if ((await stat(path).catch(() => undefined))?.isDirectory()) found.push(...(await search(path, levels - 1)));
  }
  return found;
}

async function listing(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(error => {
    throw fileError(folder, error);
  });
}

async function finishedRunIn(folder: string): Promise<boolean> {
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) return false;
  const result = await jsonIn(folder, 'result.json').catch(() => undefined);
  return valueAt(result, 'schema') === 'dualform.run/1';
}

async function linesOfRun(folder: string): Promise<Pick<FolderData, 'examples' | 'metrics' | 'tokens'>> {
  const [examples, metrics, tokens] = await Promise.all([
    linesIn(folder, 'examples.jsonl', exampleLine),
    linesIn(folder, 'metrics.jsonl', metricLine),
    linesIn(folder, 'tokens.jsonl', tokenLine, line => (line.kind === 'memory' ? { ...line, kind: 'prefix' } : line)),
  ]);
  const byIndex = (a: Pick<ExampleLine, 'index'>, b: Pick<ExampleLine, 'index'>) => a.index - b.index;
  return { examples: [...examples].sort(byIndex), metrics: [...metrics].sort(byIndex), tokens };
}

/** Every chapter that is finished; null when there is none. */
async function chaptersIn(folder: string): Promise<Json> {
  const names = (await listing(folder)).filter(name => /^chapter-\d+\.json$/.test(name)).sort();
  if (names.length === 0) return null;
  const chapters = await Promise.all(names.map(name => requireJson(join(folder, name))));
  return { schema: 'dualform.theory/1', chapters };
}

async function cellsIn(folder: string): Promise<readonly Json[]> {
  return linesIn(folder, 'cells.jsonl');
}

/** The results of the runs of a table by folder, beside the paper's figures where they are there. */
async function runsIn(folder: string): Promise<Json> {
  const runs: Record<string, Json> = {};
  const papers: Record<string, Json> = {};
  for (const name of [...(await listing(folder))].sort()) {
    const path = join(folder, name);
    if (name.startsWith('.') || !(await finishedRunIn(path))) continue;
    runs[name] = renameKeys(await requireJson(join(path, 'result.json')), { 'model.width': 'hiddenSize' });
    const paper = await jsonIn(path, 'paper.json');
    if (paper !== undefined) papers[name] = paper;
  }
  return { runs, papers };
}

function upgradeProvenance(found: Json): Json {
  return renameKeys(found, { 'timing.seconds.memory': 'prefix', 'timing.tokens.memory': 'prefix' });
}

async function jsonIn(folder: string, name: string): Promise<Json | undefined> {
  const path = join(folder, name);
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : requireJson(path);
}

async function requireJson(path: string): Promise<Json> {
  const text = decodeText(path, await readSmallFile(path, MOST_BYTES));
  return parsed(text, path);
}

/**
 * The whole lines of a file; none when it is missing. What follows the last line break belongs to a
 * job that still writes, or was killed.
 */
async function linesIn<T = Json>(
  folder: string,
  name: string,
  schema?: z.ZodType<T>,
  upgrade: (line: { readonly [key: string]: Json }) => Json = line => line,
): Promise<readonly T[]> {
  const path = join(folder, name);
  if ((await stat(path).catch(() => undefined)) === undefined) return [];
  const bytes = await readSmallFile(path, MOST_BYTES);
  const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
  const lines = decodeText(path, whole).split('\n').slice(0, -1);
  return lines.map((text, i) => {
    const where = `${path}, line ${i + 1}`;
    const json = parsed(text, where);
    const line = isObject(json) ? upgrade(json) : json;
    if (schema === undefined) return line as T;
    const { data, error } = schema.safeParse(line);
    if (data !== undefined) return data;
    const [issue] = error!.issues;
    throw new UserError(`${where}: damaged (${[issue!.path.join('.'), issue!.message].filter(Boolean).join(': ')})`);
  });
}

function same(found: Json): Json {
  return found;
}

function parsed(text: string, where: string): Json {
  try {
    return parseShallowJson(text) as Json;
  } catch (cause) {
    throw new UserError(`${where}: damaged (${(cause as Error).message})`, { cause });
  }
}
