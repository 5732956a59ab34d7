import { fileURLToPath } from 'node:url';
import { DEFAULT_SEED, tunedDefaults } from '../run/defaults.ts';
import { EMBEDDED_TASKS } from '../task/embedded-tasks.ts';
import { listTasks } from '../task/open-task.ts';
import { readManifest } from '../task/task-data.ts';
import { parseTemplate } from '../task/template.ts';
import { jsonResource, type Resource } from './resource.ts';

const DATA = new URL('../../data/', import.meta.url);

/** A task as the page lists it. Its rows are the files of the embedded data, unpacked in the page. */
export interface PageTask {
  readonly name: string;
  readonly title: string;
  readonly licence: string;
  readonly template: string;
  /** With their leading space. */
  readonly labels: readonly string[];
  readonly files: Readonly<Record<'train' | 'evaluation', { readonly path: string; readonly rows: number }>>;
  /** Whether the evaluation rows are stored in evaluation order. */
  readonly shuffled: boolean;
  /** Of the model of the page. */
  readonly seed: number;
  /** Absent where none was tuned. */
  readonly learningRate?: number;
}

/** The embedded tasks, and their rows. @param modelDigest whose tuned seeds and rates are listed */
export function taskResources(modelDigest: () => Promise<string>): readonly Resource[] {
  const tasks = listTasks();
  const rows = tasks.flatMap(({ name }) => {
    const { files } = readManifest(name);
    return [files.train, files.evaluation].map(
      ({ file }): Resource => ({
        path: rowsPath(name, file),
        type: 'application/gzip',
        file: fileURLToPath(new URL(`${name}/${file}`, DATA)),
      }),
    );
  });
  const list = jsonResource('data/tasks.json', async () => {
    const digest = await modelDigest();
    return tasks.map(({ name }) => pageTask(name, digest));
  });
  return [list, ...rows];
}

function pageTask(name: string, modelDigest: string): PageTask {
  const { template, labels } = EMBEDDED_TASKS.get(name)!;
  const { title, licence, files } = readManifest(name);
  const { seed = DEFAULT_SEED, learningRate } = tunedDefaults(modelDigest, name) ?? {};
  const rowsOf = ({ file, rows }: { readonly file: string; readonly rows: number }) => ({
    path: rowsPath(name, file),
    rows,
  });
  return {
    name,
    title,
    licence,
    template: parseTemplate(template, `task ${name}`).text,
    labels,
    files: { train: rowsOf(files.train), evaluation: rowsOf(files.evaluation) },
    shuffled: files.evaluation.order === 'shuffled',
    seed,
    ...(learningRate !== undefined && { learningRate }),
  };
}

function rowsPath(task: string, file: string): string {
  return `data/tasks/${task}/${file}`;
}
