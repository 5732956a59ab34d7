import type { VNode } from 'preact';
import * as z from 'zod';
import type { ExperimentResult } from '../../run/result.ts';
import { settingNames } from '../../setting/setting-name.ts';
import type { IntervalChart } from '../chart/interval-chart.tsx';
import { withBounds } from '../chart/numbers.ts';
import { formatInterval, formatPercent } from '../format/number.ts';
import { DataTable, IntervalFigure } from '../page/parts.tsx';
import { runResult } from '../run/run-result.ts';

const paper = z.object({
  figures: z.array(
    z.object({
      name: z.string(),
      measured: z.number().nullable(),
      paper: z.number(),
      difference: z.number().nullable(),
    }),
  ),
});

export const tableResult = z.object({
  runs: z.record(z.string(), runResult),
  papers: z.record(z.string(), paper),
});

/** Runs side by side, by name. */
export function RunsView({ result: { runs, papers } }: { readonly result: z.infer<typeof tableResult> }): VNode {
  const all = Object.entries(runs);
  return (
    <>
      <RunFigures runs={runs} />
      <DataTable
        caption="Runs"
        columns={[
          { name: 'run' },
          { name: 'model' },
          { name: 'shots', number: true },
          { name: 'seed', number: true },
          { name: 'learning rate', number: true },
          { name: 'rows', number: true },
          ...settingNames.map(name => ({ name, number: true })),
          { name: 'Rec2FTP', number: true },
          { name: 'signature' },
        ]}
        rows={all.map(([name, { model, task, finetuning, accuracy, accuracyIntervals, rec2ftp, signature }]) => ({
          cells: [
            { shown: name },
            { shown: model.name },
            { shown: task.shots, value: task.shots },
            { shown: task.seed, value: task.seed },
            { shown: finetuning.learningRate ?? '–', value: finetuning.learningRate },
            { shown: task.examples, value: task.examples },
            ...settingNames.map(setting => {
              const [value, interval] = [accuracy[setting], accuracyIntervals[setting]];
              if (value === undefined) return { shown: '–' };
              return { shown: `${formatPercent(value)}${interval ? ` (${formatInterval(interval)})` : ''}`, value };
            }),
            { shown: rec2ftp.value === null ? '–' : formatPercent(rec2ftp.value / 100), value: rec2ftp.value },
            { shown: <code>{signature}</code> },
          ],
        }))}
      />
      {Object.entries(papers).map(([name, { figures }]) => (
        <DataTable
          caption={`${name}: next to the paper; accuracies are shares, Rec2FTP is in percent`}
          columns={[
            { name: 'figure' },
            { name: 'measured', number: true },
            { name: 'paper', number: true },
            { name: 'difference', number: true },
          ]}
          rows={figures.map(({ name: figure, measured, paper: printed, difference }) => ({
            cells: [
              { shown: figure },
              { shown: withBounds(measured), value: measured },
              { shown: withBounds(printed), value: printed },
              { shown: withBounds(difference), value: difference },
            ],
          }))}
        />
      ))}
    </>
  );
}

/** Accuracies and similarities of runs by name. */
export function RunFigures({ runs }: { readonly runs: Readonly<Record<string, ExperimentResult>> }): VNode {
  const all = Object.entries(runs);
  const charts = [
    accuracies(all),
    similarities(all, 'simAOU', 'SimAOU'),
    similarities(all, 'simAM', 'SimAM'),
    similarities(all, 'kendall', 'Kendall'),
  ];
  return (
    <div class="figures">
      {charts
        .filter(({ rows }) => rows.some(({ value }) => value !== null))
        .map(chart => (
          <IntervalFigure chart={chart} />
        ))}
    </div>
  );
}

type Named = readonly (readonly [string, ExperimentResult])[];

function accuracies(all: Named): IntervalChart {
  return {
    title: 'Accuracy of each run',
    note: '95 % intervals over rows',
    x: 'share of right answers',
    rows: all.flatMap(([name, { accuracy, accuracyIntervals }]) =>
      settingNames.flatMap(setting =>
        accuracy[setting] === undefined
          ? []
          : [{ name: `${name}, ${setting}`, group: setting, value: accuracy[setting], ...accuracyIntervals[setting] }],
      ),
    ),
  };
}

const BASELINES = { simAOU: 'a random direction', simAM: 'zero-shot', kendall: 'a random order' } as const;

/** The difference of a similarity to its baseline, which is what the paper claims. */
function similarities(all: Named, key: 'simAOU' | 'simAM' | 'kendall', title: string): IntervalChart {
  return {
    title: `${title} minus that of ${BASELINES[key]}`,
    note: 'Means over layers with 95 % intervals over rows',
    x: 'difference',
    rows: all.map(([name, result]) => {
      const { value, interval, why } = result[key].difference;
      return { name, value, low: interval.low, high: interval.high, why };
    }),
    baselines: [{ value: 0, name: 'no difference' }],
  };
}
