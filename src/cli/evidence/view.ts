import { relative } from 'node:path';
import { formatCount, formatPlural } from '../../report/format/number.ts';
import type { EvidenceResult } from '../../study/evidence/fold/result.ts';
import type { Registration } from '../../study/evidence/register-study.ts';
import type { ArmsStatus } from '../../study/evidence/run-arms.ts';
import { formatTable } from '../format/table.ts';
import { type EvidenceTable, shownEstimate } from './numbers.ts';
import { taskTables } from './task-tables.ts';
import { gatesTable, sentencesOf, verdictTable } from './verdict-tables.ts';

/** A study for the terminal: gates and verdicts, then each task. */
export function formatEvidence(result: EvidenceResult, folder: string): string {
  const { tasks, hypotheses, predictsBehaviour, registered } = result;
  const verdicts =
    hypotheses.length === 0
      ? ['No hypothesis is tested: this study reaches no verdict.']
      : [formatText(verdictTable(result)), '', ...sentencesOf(result)];
  return [
    formatText(gatesTable(result)),
    '',
    ...verdicts,
    ...tasks.flatMap(task => taskTables(task).flatMap(table => ['', formatText(table)])),
    '',
    ...tasks.map(({ name }) => `${name}: S predicts E over arms: ${shownPrediction(predictsBehaviour[name])}.`),
    '',
    'Brackets: 95 % intervals over seeds and rows. What is no hypothesis is exploratory.',
    `registered: ${registered}`,
    `Result and figures are in ${relative('.', folder) || folder}.`,
  ].join('\n');
}

function shownPrediction(prediction: EvidenceResult['predictsBehaviour'][string] | undefined): string {
  return typeof prediction === 'object' ? shownEstimate(prediction) : 'not computed';
}

function formatText({ title, head, rows, notes = [] }: EvidenceTable): string {
  const align = head.map((_, i) => (i === 0 ? ('left' as const) : isNumeric(rows, i) ? 'right' : 'left'));
  return [title, formatTable(head, rows, { align }), ...notes].join('\n');
}

/** Whether a column holds numbers. */
function isNumeric(rows: EvidenceTable['rows'], column: number): boolean {
  return rows.every(row => /^(|none|[-<]?\d.*)$/.test(row[column]!));
}

/** What a shard leaves to the others. */
export function formatMissing({ arms, missing }: ArmsStatus, place: string): string {
  const named = missing.slice(0, 8).map(({ task, arm }) => `${task} ${arm}`);
  const more = missing.length > named.length ? `, and ${formatCount(missing.length - named.length)} more` : '';
  return [
    `${formatCount(arms - missing.length)} of ${formatPlural(arms, 'arm')} are in ${place}.`,
    `This part is done; others miss: ${named.join(', ')}${more}.`,
    'The process that computes the last arm folds the result.',
  ].join('\n');
}

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
