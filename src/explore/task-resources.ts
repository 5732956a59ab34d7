import { fileURLToPath } from 'node:url';
import { DEFAULT_SEED, tunedDefaults } from '../run/defaults.ts';
import { EMBEDDED_TASKS } from '../task/embedded-tasks.ts';
import { listTasks } from '../task/open-task.ts';
import { readManifest } from '../task/task-data.ts';
import { parseTemplate } from '../task/template.ts';
import type { PageTask } from './page-data.ts';
import { jsonResource, type Resource } from './resource.ts';

const DATA = new URL('../../data/', import.meta.url);

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
