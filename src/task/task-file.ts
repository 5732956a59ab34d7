import { closest } from 'fastest-levenshtein';
import * as z from 'zod';
import { UserError } from '../error.ts';
import { decodeText } from '../files/decode-text.ts';
import { readSmallFile } from '../files/file-bytes.ts';
import { parseShallowJson } from '../files/shallow-json.ts';
import { parseTemplate, type Template } from './template.ts';

const MOST_BYTES = 10_000_000;

const places = z.union(
  [z.string().min(1), z.array(z.string().min(1)).min(1, 'must be the name of a file, or a list of names')],
  {
    error: 'must be the name of a file, or a list of names',
  },
);

const schema = z.strictObject({
  template: z.string().min(1),
  /** Label words by label id; one space is put before a word that has none. */
  labels: z.array(z.string().regex(/\S/, 'a label word must not be blank')).min(2),
  /** Names of the labels in the rows, if these are not 0, 1, ... or the label words. */
  labelNames: z.array(z.string()).optional(),
  /** Columns of template fields, and of `label`, that have another name. */
  columns: z.record(z.string(), z.string().min(1)).optional(),
  /** How .csv and .tsv files are written. */
  csv: z
    .strictObject({
      delimiter: z.string().length(1, 'must be one character').optional(),
      quotes: z.boolean().optional(),
      header: z.boolean().optional(),
    })
    .optional(),
  shots: z.int().positive().optional(),
  /** Where the rows are: files next to the task file, or a data set of the hub. */
  data: places.optional(),
  train: places.optional(),
  evaluation: places.optional(),
  title: z.string().optional(),
  licence: z.string().optional(),
});

/** `F.task.json`, read. */
export interface TaskFile extends Omit<z.infer<typeof schema>, 'template' | 'columns'> {
  readonly path: string;
  readonly template: Template;
  /** The column of each field of the template. */
  readonly columns: ReadonlyMap<string, string>;
  readonly labelColumn: string;
  /** Label id by every allowed name. */
  readonly labelIds: ReadonlyMap<string, number>;
}

/** @param note the remedy if the file is missing */
export async function readTaskFile(path: string, note: string): Promise<TaskFile> {
  const parsed = schema.safeParse(await readJson(path, note));
  if (!parsed.success) throw new UserError(`${path}: ${describe(parsed.error)}`);
  const { columns: named = {}, ...settings } = parsed.data;
  const template = parseTemplate(settings.template, `${path}: template`);
  const foreign = Object.keys(named).find(name => name !== 'label' && !template.fields.includes(name));
  if (foreign !== undefined) {
    const names = [...template.fields, 'label'];
    throw new UserError(
      `${path}: columns: the template has no field "${foreign}"; the nearest name is "${closest(foreign, names)}"`,
    );
  }
  const columnOf = (name: string) => (Object.hasOwn(named, name) ? named[name]! : name);
  const columns = new Map(template.fields.map(name => [name, columnOf(name)]));
  const labels = settings.labels.map(word => (/^\s/.test(word) ? word : ` ${word}`));
  const labelIds = namesOfLabels(path, labels, settings.labelNames);
  return { ...settings, path, template, columns, labelColumn: columnOf('label'), labels, labelIds };
}

async function readJson(path: string, note: string): Promise<unknown> {
  const bytes = await readSmallFile(path, MOST_BYTES).catch(error => {
    const absent = error instanceof UserError && /no such file/.test(error.message);
    throw absent ? new UserError(`${path}: there is no such file; ${note}`, { cause: error }) : error;
  });
  try {
    return parseShallowJson(decodeText(path, bytes).replace(/^\ufeff/, ''));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${path}: not JSON (${(cause as Error).message.replaceAll(/\s+/g, ' ')})`, { cause });
  }
}

function namesOfLabels(path: string, labels: readonly string[], labelNames: readonly string[] | undefined) {
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
  return labelIds;
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const known = issue.path[0] === 'csv' ? ['delimiter', 'quotes', 'header'] : Object.keys(schema.shape);
    return `"${key}" is not known; the nearest name is "${closest(key, known)}"`;
  }
  return `${issue.path.join('.') || 'the file'}: ${issue.message}`;
}
