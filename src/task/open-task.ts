import { closest } from 'fastest-levenshtein';
import type { OpenOptions } from '../checkpoint/open-options.ts';
import { UserError } from '../error.ts';
import { EMBEDDED_TASKS } from './embedded-tasks.ts';
import { evaluationOrder, MOST_EVALUATION_ROWS } from './evaluation-order.ts';
import { isOwnTask, openOwnTask } from './own-task.ts';
import type { Row } from './row.ts';
import type { Task, TemplateVariant } from './task.ts';
import { readData, readManifest } from './task-data.ts';
import { taskDigest } from './task-digest.ts';
import { parseTemplate } from './template.ts';
import { findWarnings } from './warnings.ts';

/** The names of the embedded tasks. */
export const TASK_NAMES: readonly string[] = [...EMBEDDED_TASKS.keys()];

/** The forms of the user's own tasks, for messages. */
const OWN_TASKS =
  'a .jsonl, .csv, .tsv or .parquet file with a .task.json file next to it, or a data set hf:org/name of the hub';

/**
 * Opens an embedded task by name, or the user's own: rows with a task file next to them, whose
 * template is used for both variants.
 *
 * @throws UserError when there is no such task, or its files are wrong
 */
export async function openTask(
  nameOrFile: string,
  options: OpenOptions & { readonly template?: TemplateVariant } = {},
): Promise<Task> {
  if (EMBEDDED_TASKS.has(nameOrFile)) return openEmbeddedTask(nameOrFile, options.template ?? 'code');
  if (isOwnTask(nameOrFile)) return openOwnTask(nameOrFile, options);
  const wrong = { option: 'task', value: nameOrFile };
  if (/[./\\]/.test(nameOrFile)) throw new UserError('not a task', { ...wrong, remedy: `give ${OWN_TASKS}` });
  throw new UserError(`unknown task; the nearest name is "${closest(nameOrFile, [...TASK_NAMES])}"`, {
    ...wrong,
    remedy: `choose from ${TASK_NAMES.join(', ')}, or give ${OWN_TASKS}`,
  });
}

/** Facts about a task that need no row. */
export interface TaskSummary {
  readonly name: string;
  readonly title: string;
  readonly licence: string;
  readonly labels: readonly string[];
  readonly defaultShots: number;
  readonly trainRows: number;
  readonly evaluationRows: number;
  /** On disk. */
  readonly bytes: number;
}

/** The embedded tasks. */
export function listTasks(): readonly TaskSummary[] {
  return [...EMBEDDED_TASKS].map(([name, { labels, shots }]) => {
    const { title, licence, files } = readManifest(name);
    const { train, evaluation } = files;
    return {
      name,
      title,
      licence,
      labels,
      defaultShots: shots,
      trainRows: train.rows,
      evaluationRows: Math.min(evaluation.rows, MOST_EVALUATION_ROWS),
      bytes: train.bytes + evaluation.bytes,
    };
  });
}

function openEmbeddedTask(name: string, variant: TemplateVariant): Task {
  const { template: codeTemplate, paperTemplate = codeTemplate, labels, shots } = EMBEDDED_TASKS.get(name)!;
  const template = parseTemplate(variant === 'paper' ? paperTemplate : codeTemplate, `task ${name}`);
  const { title, licence, files } = readManifest(name);
  const order = files.evaluation.order;
  const rows = {
    labels,
    prompt: (row: Row) => template.render(row.fields),
    train: once(() => readData(name, files.train, template.fields)),
    evaluation: once(() => {
      const read = readData(name, files.evaluation, template.fields);
      return order === 'shuffled' ? read : evaluationOrder(read);
    }),
  };
  const warnings = once(() => findWarnings(rows));
  return {
    name,
    title,
    licence,
    digest: taskDigest(template.text, labels, [files.train.contentSha256, files.evaluation.contentSha256, order]),
    template: template.text,
    fields: template.fields,
    ...rows,
    defaultShots: shots,
    trainRows: files.train.rows,
    evaluationRows: Math.min(files.evaluation.rows, MOST_EVALUATION_ROWS),
    get warnings() {
      return warnings();
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
