import type { StudyEstimate } from '../../study/momentum/estimate.ts';
import { formatBytes, formatClock, formatCount, formatFlops, formatPlural } from '../format/number.ts';
import { formatTable } from '../table/view.ts';

/** What a study would take, task by task. */
export function formatStudyEstimate({ plan, tasks, seconds, memoryBytes }: StudyEstimate): string {
  const models = tasks.reduce((sum, task) => sum + task.models, 0);
  return [
    `${formatPlural(models, 'model')}: ${formatPlural(plan.seeds.length, 'seed')}, plain attention and eta ${plan.etas.slice(1).join(', ')}; nothing was stored`,
    '',
    formatTable(
      ['task', 'models', 'tokens', 'work', 'time'],
      tasks.map(task => [
        task.task,
        formatCount(task.models),
        formatCount(task.tokens),
        formatFlops(task.flops),
        formatClock(task.seconds),
      ]),
      { align: ['left', 'right', 'right', 'right', 'right'] },
    ),
    '',
    `About ${formatClock(seconds)} in all, as models of each task just took here; memory up to ${formatBytes(memoryBytes)}.`,
  ].join('\n');
}
