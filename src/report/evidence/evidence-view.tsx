import type { VNode } from 'preact';
import { splitPanels } from '../chart/line-chart.tsx';
import { formatBounds, formatDecimal, formatPercent } from '../format/number.ts';
import { DataTable, Facts, HeatFigure, IntervalFigure, LineFigure } from '../page/parts.tsx';
import { Provenance } from '../page/provenance.tsx';
import { armName, type EvidenceChart, evidenceCharts } from './evidence-charts.ts';
import type { Estimate, EvidenceStudy, EvidenceTask } from './evidence-result.ts';
import { QUESTIONS } from './questions.ts';

export function EvidenceView({
  study,
  provenance,
}: {
  readonly study: EvidenceStudy;
  readonly provenance: unknown;
}): VNode {
  const { hypotheses, tasks, model, signature, registered, seesBefore } = study;
  return (
    <>
      <div class="findings">
        {tasks.map(task => (
          <>
            <Gates task={task} />
            <Findings task={task} hypotheses={hypotheses.filter(each => each.task === task.name)} />
          </>
        ))}
      </div>
      <DataTable
        caption="Verdicts with 95 % intervals; p is adjusted for all hypotheses of the study (Holm). Effects within ±δ are negligible; MDE is the smallest effect that the study finds in 80 %"
        columns={[
          { name: 'task' },
          { name: 'H' },
          { name: 'verdict' },
          { name: 'question' },
          { name: 'number' },
          { name: 'value', number: true },
          { name: 'p', number: true },
          { name: 'δ', number: true },
          { name: 'MDE', number: true },
        ]}
        rows={hypotheses.map(({ task, id, statistic, value, adjusted, delta, mde, verdict }) => ({
          cells: [
            { shown: task },
            { shown: id },
            {
              shown: (
                <span class={verdict === 'yes' ? 'yes' : verdict === 'opposite' ? 'no' : undefined}>{verdict}</span>
              ),
            },
            { shown: Object.hasOwn(QUESTIONS, id) ? QUESTIONS[id as keyof typeof QUESTIONS] : '–' },
            { shown: statistic },
            cellOf(value),
            { shown: adjusted === null ? '–' : adjusted.toPrecision(2), value: adjusted },
            { shown: delta, value: delta },
            { shown: mde === null ? '–' : formatDecimal(mde), value: mde },
          ],
        }))}
      />
      {tasks.map(task => (
        <TaskView task={task} />
      ))}
      <h3>How it was made</h3>
      <Facts
        facts={[
          ['model', model.name],
          ['signature', <code>{signature}</code>],
          ['registered plan (SHA-256)', <code>{registered}</code>],
          ...(seesBefore.length === 0 ? [] : [['looked at before', seesBefore.join('; ')] as const]),
        ]}
      />
      <Provenance provenance={provenance} />
    </>
  );
}

/** What may be said: of the task, then of each hypothesis, whose sentences repeat that of the task. */
function Findings({
  task: { sentences = [] },
  hypotheses,
}: {
  readonly task: EvidenceTask;
  readonly hypotheses: EvidenceStudy['hypotheses'];
}): VNode {
  const own = (sentence: string) =>
    sentences.reduce((rest, said) => (rest.startsWith(`${said} `) ? rest.slice(said.length + 1) : rest), sentence);
  return (
    <>
      {sentences.map(sentence => (
        <p>{sentence}</p>
      ))}
      <ul>
        {hypotheses.map(({ id, sentence }) => (
          <li>
            {id}: {own(sentence)}
          </li>
        ))}
      </ul>
    </>
  );
}

function Gates({ task: { name, gates } }: { readonly task: EvidenceTask }): VNode {
  const { inContext, steady, learned } = gates;
  const passed = (pass: boolean | null) => (pass === null ? 'not asked' : pass ? 'holds' : 'FAILS');
  return (
    <p>
      <strong>{name}.</strong> In-context learning raises accuracy by {estimateText(inContext.gain)}:{' '}
      {passed(inContext.pass)}. The rate is steady
      {steady.cosine !== null && steady.moved !== null
        ? ` (cosine ${formatDecimal(steady.cosine, 4)}, ${formatPercent(steady.moved)} of answers moved)`
        : ''}
      : {passed(steady.pass)}. Finetuning lowers the loss of the rows that follow
      {learned.before !== null && learned.after !== null
        ? ` (${formatDecimal(learned.before)} to ${formatDecimal(learned.after)})`
        : ''}
      : {passed(learned.pass)}.
    </p>
  );
}

function TaskView({ task }: { readonly task: EvidenceTask }): VNode {
  const { name, k, seeds, rows, behaviourRows, rate, behaviour, paperClaims } = task;
  const { rec2ftp } = behaviour;
  const table = (caption: string, numbers: readonly (readonly [name: string, value: Estimate])[]) => (
    <DataTable
      caption={`${name}: ${caption}`}
      columns={[{ name: 'number' }, { name: 'value with 95 % interval', number: true }]}
      rows={numbers.map(([each, value]) => ({ cells: [{ shown: each }, cellOf(value)] }))}
    />
  );
  return (
    <section aria-label={`task ${name}`}>
      <h3>{name}</h3>
      <p class="soft">
        {k} demonstrations, {seeds} sets of them, {rows} rows ({behaviourRows} for behaviour), learning rate {rate}.
      </p>
      <div class="figures">
        {evidenceCharts(task).map(each => (
          <ChartFigure each={each} task={name} />
        ))}
      </div>
      {table('behaviour', [
        ['accuracy zero-shot', behaviour.accuracy['zero-shot']],
        ['accuracy in context', behaviour.accuracy['in-context']],
        ['accuracy finetuned', behaviour.accuracy.finetuned],
        ...Object.entries(behaviour.shift).map(
          ([arm, value]) => [`explained shift E: ${armName(arm)}`, value] as const,
        ),
        [
          `κ of Rec2FTP (${rec2ftp.numerator} of ${rec2ftp.denominator}, ${formatDecimal(rec2ftp.expected, 1)} by chance)`,
          rec2ftp.kappa,
        ],
        ['κ of predictions', behaviour.kappa],
      ])}
      {table("the paper's numbers", [
        ['SimAOU', paperClaims.simAOU.finetuned],
        ['SimAOU of a uniform vector', paperClaims.simAOU.uniform],
        ['SimAM after finetuning', paperClaims.simAM.after],
        ['SimAM before', paperClaims.simAM.before],
        ['SimAM, difference', paperClaims.simAM.difference],
        ['Kendall after finetuning', paperClaims.kendall.after],
        ['Kendall before', paperClaims.kendall.before],
        ['Kendall, difference', paperClaims.kendall.difference],
      ])}
    </section>
  );
}

function ChartFigure({ each, task }: { readonly each: EvidenceChart; readonly task: string }): VNode {
  switch (each.kind) {
    case 'interval':
      return <IntervalFigure chart={each.chart} />;
    case 'line':
      return (
        <>
          {splitPanels(each.chart, `${task}: `).map(chart => (
            <LineFigure chart={chart} />
          ))}
        </>
      );
    case 'heat':
      return <HeatFigure chart={each.chart} />;
  }
}

function cellOf(estimate: Estimate) {
  return { shown: estimateText(estimate), value: estimate.value };
}

function estimateText({ value, low, high, why }: Estimate): string {
  if (value === null) return `undefined${why === undefined ? '' : `: ${why}`}`;
  return low === null || high === null
    ? formatDecimal(value)
    : `${formatDecimal(value)} (${formatBounds({ low, high })})`;
}
