import type { VNode } from 'preact';
import { withBounds } from '../chart/numbers.ts';
import { formatDecimal, formatPercent } from '../format/number.ts';
import { DataTable, Facts, HeatFigure, IntervalFigure, LineFigure } from '../page/parts.tsx';
import { Provenance } from '../page/provenance.tsx';
import { type EvidenceChart, evidenceCharts } from './evidence-charts.ts';
import type { Estimate, EvidenceStudy, EvidenceTask } from './evidence-result.ts';

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
          <Gates task={task} />
        ))}
        {hypotheses.map(({ task, id, sentence }) => (
          <p>
            {task}, {id}: {sentence}
          </p>
        ))}
        {tasks.flatMap(({ name, sentences = [] }) =>
          sentences.map(sentence => (
            <p>
              {name}: {sentence}
            </p>
          )),
        )}
      </div>
      <DataTable
        caption="Verdicts; p is adjusted for all hypotheses of the study (Holm)"
        columns={[
          { name: 'task' },
          { name: 'H' },
          { name: 'statistic' },
          { name: 'value', number: true },
          { name: 'p', number: true },
          { name: 'δ', number: true },
          { name: 'MDE', number: true },
          { name: 'verdict' },
        ]}
        rows={hypotheses.map(({ task, id, statistic, value, adjusted, delta, mde, verdict }) => ({
          cells: [
            { shown: task },
            { shown: id },
            { shown: statistic },
            cellOf(value),
            { shown: adjusted === null ? '–' : adjusted.toPrecision(2), value: adjusted },
            { shown: delta, value: delta },
            { shown: mde === null ? '–' : formatDecimal(mde), value: mde },
            {
              shown: (
                <span class={verdict === 'yes' ? 'yes' : verdict === 'opposite' ? 'no' : undefined}>{verdict}</span>
              ),
            },
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

function Gates({ task: { name, gates } }: { readonly task: EvidenceTask }): VNode {
  const { inContext, steady, learned } = gates;
  const passed = (pass: boolean | null) => (pass === null ? 'not asked' : pass ? 'holds' : 'FAILS');
  return (
    <p>
      {name}. In-context learning raises accuracy by{' '}
      {withBounds(inContext.gain.value, inContext.gain.low, inContext.gain.high)}: {passed(inContext.pass)}. The rate is
      steady
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
          <ChartFigure each={each} />
        ))}
      </div>
      {table('behaviour', [
        ['accuracy zero-shot', behaviour.accuracy['zero-shot']],
        ['accuracy in context', behaviour.accuracy['in-context']],
        ['accuracy finetuned', behaviour.accuracy.finetuned],
        ...Object.entries(behaviour.shift).map(([arm, value]) => [`explained shift E of ${arm}`, value] as const),
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

function ChartFigure({ each }: { readonly each: EvidenceChart }): VNode {
  switch (each.kind) {
    case 'interval':
      return <IntervalFigure chart={each.chart} />;
    case 'line':
      return <LineFigure chart={each.chart} />;
    case 'heat':
      return <HeatFigure chart={each.chart} />;
  }
}

function cellOf({ value, low, high, why }: Estimate) {
  return {
    shown: value === null ? `undefined${why === undefined ? '' : `: ${why}`}` : withBounds(value, low, high),
    value,
  };
}
