import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDatasetId, parseDatasetId } from '../checkpoint/hub/hub-id.ts';
import { openDataset } from '../checkpoint/hub/open-dataset.ts';
import type { OpenOptions } from '../checkpoint/open-options.ts';
import { UserError } from '../error.ts';
import { evaluationOrder, MOST_EVALUATION_ROWS } from './evaluation-order.ts';
import { permutation } from './permutation.ts';
import type { Row } from './row.ts';
import { openParquetReader, type ParquetReader } from './rows/parquet.ts';
import { hasRows, ROW_FORMATS, readRows, withoutEnding } from './rows/read-rows.ts';
import { rowOf } from './rows/row-of.ts';
import type { Task } from './task.ts';
import { taskDigest } from './task-digest.ts';
import { readTaskFile, type TaskFile } from './task-file.ts';
import { findWarnings } from './warnings.ts';

const SPLIT_SEED = 0;
const EVALUATION_SHARE = 0.2;
const DEFAULT_SHOTS = 32;
const TASK_FILE = '.task.json';

/**
 * Whether a name is one for `openOwnTask`: a file with rows, a task file, or a data set of the hub.
 */
export function isOwnTask(name: string): boolean {
  return hasRows(name) || name.endsWith(TASK_FILE) || isDatasetId(name);
}

/**
 * Opens a task of the user: rows (columns: the fields of the template and `label`) in a .jsonl,
 * .csv, .tsv or .parquet file, everything else in a task file. Training and evaluation rows may
 * have separate files (`train`, `evaluation` in the task file). Rows of one file for both are
 * split: the last fifth of their seed-0 shuffle (at least one row, at most 2000) is evaluated, the
 * others are training rows, in the order of the file. The digest does not depend on the format of
 * the files.
 *
 * @param path `F.csv` with `F.task.json` next to it, `F.task.json`, or
 * `hf:org/name[@revision][:config]` with `name.task.json` in this folder
 * @throws UserError naming file and line
 */
export async function openOwnTask(path: string, options: OpenOptions = {}): Promise<Task> {
  const stem = isDatasetId(path)
    ? basename(parseDatasetId(path).id.name)
    : withoutEnding(path).replace(/\.task\.json$/, '');
  const file = `${stem}${TASK_FILE}`;
  const settings = await readTaskFile(
    file,
    `write the template and the label words of ${path} there, as in {"template": "{text} Label:", "labels": ["bad", "good"]}`,
  );
  const parts = await findParts(path, stem, settings, options);
  const [train, evaluation] = await readParts(parts, settings);
  const ordered = evaluationOrder(evaluation);
  const { template, labels } = settings;
  const rows = {
    labels,
    prompt: (row: Row) => template.render(row.fields),
    train: () => train,
    evaluation: () => ordered,
  };
  return {
    name: basename(stem),
    title: settings.title ?? basename(stem),
    licence: settings.licence ?? null,
    digest: taskDigest(template.text, labels, [train, ordered]),
    template: template.text,
    fields: template.fields,
    ...rows,
    defaultShots: Math.min(settings.shots ?? DEFAULT_SHOTS, train.length),
    evaluationFile: (parts.evaluation ?? parts.train).join(', '),
    trainRows: train.length,
    evaluationRows: ordered.length,
    warnings: findWarnings(rows),
  };
}

/** Files with rows. Without files for evaluation, the training rows are split. */
export interface Parts {
  readonly train: readonly string[];
  readonly evaluation?: readonly string[];
}

async function findParts(path: string, stem: string, settings: TaskFile, options: OpenOptions): Promise<Parts> {
  const place = (name: string) => (isDatasetId(name) ? name : join(dirname(stem), name));
  const typed = path.endsWith(TASK_FILE) ? undefined : isDatasetId(path) ? path : join(path);
  const data = listOf(settings.data)?.map(place);
  if (typed !== undefined && data !== undefined && (data.length > 1 || data[0] !== typed)) {
    throw new UserError(`the data of ${settings.path} is ${data.join(', ')}`, {
      option: 'task',
      value: path,
      remedy: `give \`task\` ${settings.path}`,
    });
  }
  const [train, evaluation] = [listOf(settings.train), listOf(settings.evaluation)];
  const dataset = [typed, ...(data ?? [])].find(each => each !== undefined && isDatasetId(each));
  if (dataset !== undefined) {
    if (data !== undefined && data.length > 1)
      throw new UserError(`${settings.path}: data: a data set of the hub must be the only entry`);
    const parts = await openDataset(parseDatasetId(dataset), { train, evaluation }, options);
    return apart(parts.train, parts.evaluation);
  }
  const both = async () => data ?? [typed ?? (await findData(stem))];
  return apart(train?.map(place) ?? (await both()), evaluation?.map(place) ?? (await both()));
}

/** The same files for both parts are split. */
function apart(train: readonly string[], evaluation: readonly string[] | undefined): Parts {
  return evaluation === undefined || train.join('\n') === evaluation.join('\n') ? { train } : { train, evaluation };
}

function listOf(places: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof places === 'string' ? [places] : places;
}

/** The file with rows next to a task file that does not name one. */
async function findData(stem: string): Promise<string> {
  const names: readonly string[] = await readdir(dirname(stem)).catch(() => []);
  const endings = ROW_FORMATS.flatMap(ending => [ending, `${ending}.gz`]);
  const found = endings.filter(ending => names.includes(basename(stem) + ending)).map(ending => stem + ending);
  if (found.length > 1) {
    throw new UserError(`${stem}${TASK_FILE}: there are ${found.join(' and ')}`, {
      remedy: 'give the one to use as `task`',
    });
  }
  return found[0] ?? `${stem}.jsonl`;
}

async function readParts(
  parts: Parts,
  settings: TaskFile,
): Promise<[train: readonly Row[], evaluation: readonly Row[]]> {
  const parquet = openParquetReader();
  try {
    const train = await readPart(parts.train, settings, parquet);
    if (parts.evaluation === undefined) return splitRows(train, parts.train[0]!);
    return [train, await readPart(parts.evaluation, settings, parquet)];
  } finally {
    parquet.close();
  }
}

async function readPart(files: readonly string[], settings: TaskFile, parquet: ParquetReader): Promise<readonly Row[]> {
  const wanted = [...new Set([...settings.columns.values(), settings.labelColumn])];
  const rows: Row[] = [];
  for (const file of files) {
    for (const row of await readRows(file, { wanted, parquet, delimited: settings.csv ?? {} })) {
      rows.push(rowOf(row, rows.length, settings));
    }
  }
  return rows;
}

function splitRows(rows: readonly Row[], file: string): [train: readonly Row[], evaluation: readonly Row[]] {
  if (rows.length < 2) throw new UserError(`${file}: one row cannot be split; give at least two`);
  const held = Math.min(MOST_EVALUATION_ROWS, Math.max(1, Math.floor(EVALUATION_SHARE * rows.length)));
  const chosen = new Set(permutation(SPLIT_SEED, rows.length).slice(rows.length - held));
  return [rows.filter((_, i) => !chosen.has(i)), rows.filter((_, i) => chosen.has(i))];
}
