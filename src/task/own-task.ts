import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { fileError } from '../checkpoint/file-bytes.ts';
import { UserError } from '../error.ts';
import { evaluationOrder, MOST_EVALUATION_ROWS } from './evaluation-order.ts';
import { type JsonLine, parseJsonLines } from './json-lines.ts';
import { permutation } from './permutation.ts';
import type { Row } from './row.ts';
import type { Task } from './task.ts';
import { taskDigest } from './task-digest.ts';
import { parseTemplate, requireFields, type Template } from './template.ts';

const SPLIT_SEED = 0;
const EVALUATION_SHARE = 0.2;
const DEFAULT_SHOTS = 32;

const taskFile = z.strictObject({
  template: z.string().min(1),
  /** Label words by label id; one space is put before a word that has none. */
  labels: z.array(z.string().regex(/\S/, 'a label word must not be blank')).min(2),
  /** How the rows name the labels, where they do not use 0, 1, ... or the label words. */
  labelNames: z.array(z.string()).optional(),
  shots: z.int().positive().optional(),
  train: z.string().min(1).optional(),
  evaluation: z.string().min(1).optional(),
  title: z.string().optional(),
  licence: z.string().optional(),
});

/**
 * An own task: rows in `F.jsonl` (one object a line: the fields of the template and `label`), the rest in
 * `F.task.json`. Training and evaluation rows may stand in files of their own (`train`, `evaluation` in the task file,
 * beside it; each is `F.jsonl` where it is not given). Rows of one file for both are split: of their seed-0 shuffle the
 * last fifth (at least one row, at most 2000) is evaluated, the rest is trained on, in the order of the file.
 *
 * @param path `F.jsonl` or `F.task.json`
 * @throws UserError naming file and line
 */
export function openOwnTask(path: string): Task {
  const stem = path.replace(/\.jsonl$|\.task\.json$/, '');
  const settings = readTaskFile(`${stem}.task.json`);
  const template = parseTemplate(settings.template, `${stem}.task.json: template`);
  const folder = dirname(stem);
  const file = (name: string | undefined) => (name === undefined ? `${stem}.jsonl` : join(folder, name));
  const [trainFile, evaluationFile] = [file(settings.train), file(settings.evaluation)];

  const first = readRows(trainFile, template, settings);
  const [train, evaluation] =
    evaluationFile === trainFile ? splitRows(first, trainFile) : [first, readRows(evaluationFile, template, settings)];
  const ordered = evaluationOrder(evaluation);
  return {
    name: basename(stem),
    title: settings.title ?? basename(stem),
    licence: settings.licence ?? null,
    digest: taskDigest(template.text, settings.labels, [train, ordered]),
    template: template.text,
    fields: template.fields,
    labels: settings.labels,
    defaultShots: Math.min(settings.shots ?? DEFAULT_SHOTS, train.length),
    trainRows: train.length,
    evaluationRows: ordered.length,
    warnings: findWarnings(train, ordered, settings.labels, template),
    prompt: row => template.render(row.fields),
    train: () => train,
    evaluation: () => ordered,
  };
}

interface Settings extends z.infer<typeof taskFile> {
  /** Label id by every name that a row may use. */
  readonly labelIds: ReadonlyMap<string, number>;
}

function readTaskFile(path: string): Settings {
  let json: unknown;
  try {
    json = JSON.parse(
      read(path, '; write the template and the label words there')
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    );
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new UserError(`${path}: not JSON (${cause.message.replaceAll(/\s+/g, ' ')})`, { cause });
  }
  const parsed = taskFile.safeParse(json);
  if (!parsed.success) throw new UserError(`${path}: ${describe(parsed.error)}`);
  const labels = parsed.data.labels.map(word => (/^\s/.test(word) ? word : ` ${word}`));
  const { labelNames } = parsed.data;
  if (labelNames !== undefined && labelNames.length !== labels.length) {
    throw new UserError(`${path}: labelNames has ${labelNames.length} names for ${labels.length} labels`);
  }
  const labelIds = new Map<string, number>();
  labels.forEach((word, id) => {
    for (const name of new Set([word.trim(), labelNames?.[id] ?? word.trim()])) {
      if (labelIds.has(name)) throw new UserError(`${path}: two labels are called "${name}"`);
      labelIds.set(name, id);
    }
  });
  return { ...parsed.data, labels, labelIds };
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    return `"${key}" is not known; the nearest name is "${closest(key, Object.keys(taskFile.shape))}"`;
  }
  return `${issue.path.join('.') || 'the file'}: ${issue.message}`;
}

function read(path: string, note = ''): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileError(path, error, note);
  }
}

function readRows(file: string, template: Template, settings: Settings): readonly Row[] {
  return parseJsonLines(file, read(file)).map((line, id) => {
    requireFields(template, line.object, line.where);
    const fields = Object.fromEntries(template.fields.map(name => [name, line.object[name] as string]));
    return { id, fields, label: readLabel(line, settings) };
  });
}

function readLabel({ object, where }: JsonLine, { labels, labelIds }: Settings): number {
  const label = Object.hasOwn(object, 'label') ? object.label : undefined;
  if (label === undefined) throw new UserError(`${where}: there is no "label"`);
  if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < labels.length) return label;
  const id = typeof label === 'string' ? labelIds.get(label) : undefined;
  if (id !== undefined) return id;
  const names = [...labelIds.keys()].map(name => `"${name}"`).join(', ');
  throw new UserError(`${where}: label ${JSON.stringify(label)} is not one of 0 to ${labels.length - 1} or ${names}`);
}

function splitRows(rows: readonly Row[], file: string): [train: readonly Row[], evaluation: readonly Row[]] {
  if (rows.length < 2) throw new UserError(`${file}: one row cannot be split; give at least two`);
  const held = Math.min(MOST_EVALUATION_ROWS, Math.max(1, Math.floor(EVALUATION_SHARE * rows.length)));
  const chosen = new Set(permutation(SPLIT_SEED, rows.length).slice(rows.length - held));
  return [rows.filter((_, i) => !chosen.has(i)), rows.filter((_, i) => chosen.has(i))];
}

function findWarnings(
  train: readonly Row[],
  evaluation: readonly Row[],
  labels: readonly string[],
  template: Template,
): string[] {
  const empty = (rows: readonly Row[], what: string) =>
    labels
      .filter((_, id) => !rows.some(row => row.label === id))
      .map(word => `no ${what} row has the label "${word.trim()}"`);
  const texts = new Set(train.map(row => template.render(row.fields)));
  const shared = evaluation.filter(row => texts.has(template.render(row.fields))).length;
  return [
    ...empty(train, 'training'),
    ...empty(evaluation, 'evaluation'),
    ...(shared > 0 ? [`${shared} of ${evaluation.length} evaluation rows are training rows too`] : []),
  ];
}
