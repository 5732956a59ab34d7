import { formatBytes, formatCount } from '../../report/format/number.ts';
import { OWN_ROWS } from '../../run/options.ts';
import { listTasks, openTask } from '../../task/open-task.ts';
import type { Given } from '../options/command-line.ts';
import type { Io } from '../terminal/io.ts';

export async function perform(_: Given<object>, io: Io): Promise<void> {
  const tasks = await Promise.all(
    listTasks().map(async task => ({ ...task, template: (await openTask(task.name)).template })),
  );
  io.answer({ tasks }, () =>
    [
      ...tasks.flatMap(task => [
        task.name,
        `  origin    ${task.title}`,
        `  licence   ${task.licence}`,
        `  rows      ${formatCount(task.trainRows)} for training, ${formatCount(task.evaluationRows)} for evaluation; ${formatBytes(task.bytes)}`,
        `  shots     ${task.defaultShots}`,
        `  template  ${task.template}`,
        `  labels    ${task.labels.map(label => label.trim()).join(', ')}`,
        '',
      ]),
      `Other tasks: ${OWN_ROWS}; the task file holds template and label words.`,
    ].join('\n'),
  );
}
