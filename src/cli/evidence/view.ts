import { relative } from 'node:path';
import type { Registration } from '../../study/evidence/register-study.ts';
import { formatCount, formatPlural } from '../format/number.ts';
import { formatTable } from '../format/table.ts';

/** A registered plan, task by task. */
export function formatRegistration({ folder, registered, plan }: Registration): string {
  const arms = plan.tasks.reduce((sum, task) => sum + task.arms.length, 0);
  const family = plan.hypotheses.length;
  return [
    formatTable(
      ['task', 'seeds', 'demonstrations', 'rows', 'rows of answers', 'learning rate', 'arms'],
      plan.tasks.map(task =>
        [task.name, task.seeds, task.k, task.rows, task.behaviourRows, task.rate, task.arms.length].map(String),
      ),
      { align: ['left', 'right', 'right', 'right', 'right', 'right', 'right'] },
    ),
    '',
    family === 0
      ? `${formatPlural(arms, 'arm')}; the ${plan.preset} preset tests no hypothesis and reaches no verdict.`
      : `${formatPlural(arms, 'arm')}; ${formatCount(family)} hypotheses in one family.`,
    `The plan is in ${relative('.', folder) || folder}/plan.json.`,
    `registered: ${registered}`,
  ].join('\n');
}
