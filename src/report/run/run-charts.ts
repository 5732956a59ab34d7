import { meanWithInterval } from '../../statistics/paired-t.ts';
import type { FlowChart } from '../chart/flow-chart.tsx';
import type { IntervalChart, IntervalRow } from '../chart/interval-chart.tsx';
import type { LineChart, Panel, Series } from '../chart/line-chart.tsx';
import type { MetricLine } from '../folder-data.ts';
import { formatCount } from '../format/number.ts';
import { countFlows } from './flow.ts';
import type { RunData } from './run-data.ts';

type LayerMetric = Exclude<keyof MetricLine, 'index' | 'row'>;
type Layers = readonly (number | null)[];

/** Accuracies with Wilson intervals, next to the share of the most frequent label. */
export function accuracyChart({ result, settings, rows }: RunData): IntervalChart {
  const { task, accuracy, accuracyIntervals } = result;
  const counts = task.labels.map((_, label) => rows.filter(({ gold }) => gold === label).length);
  const most = rows.length === 0 ? undefined : Math.max(...counts) / rows.length;
  return {
    title: `Accuracy on ${formatCount(task.examples)} rows of ${task.name}`,
    note: '95 % intervals over rows, with these demonstrations',
    x: 'share of right answers',
    rows: settings.map(name => ({ name, value: accuracy[name]!, ...accuracyIntervals[name] })),
    baselines: most === undefined ? [] : [{ value: most, name: 'most frequent label' }],
  };
}

/** What becomes of the rows; undefined where no two settings can be compared. */
export function flowChart({ rows }: RunData): FlowChart | undefined {
  const flows = countFlows(rows.map(({ flow }) => flow));
  if (flows.length === 0) return undefined;
  return {
    title: 'What becomes of each row from zero-shot to the other settings',
    unit: 'row',
    flows: flows.map(({ from, ...flow }) => ({ ...flow, from: `${from} zero-shot` })),
  };
}

/** Each similarity by layer with its 95 % t interval over rows, next to its own baseline. */
export function similarityChart({ result, metrics }: RunData): LineChart {
  const { simAOU, simAM, kendall, model, task } = result;
  const panel = (name: string, measured: Series, baseline: Series): Panel => ({
    name,
    series: [measured, { ...baseline, tone: 'baseline' }],
  });
  const line = (
    name: string,
    { perLayer }: { readonly perLayer: Layers },
    metric: LayerMetric,
    less?: LayerMetric,
  ) => ({
    name,
    points: perLayer.map((y, x) => ({ x, y, ...intervalOf(metrics, x, y, metric, less) })),
  });
  const measured = 'in-context against finetuned';
  const panels = [
    panel(
      'SimAOU: updates of attention outputs',
      line(measured, simAOU, 'simAOU'),
      line('random direction', simAOU.random, 'simAOURandom'),
    ),
    panel(
      'SimAM: attention scores',
      line(measured, simAM, 'simAM'),
      line('zero-shot, before finetuning', simAM.zeroShot, 'simAMZeroShot'),
    ),
    {
      name: 'SimAM minus that of zero-shot, row by row',
      series: [line(measured, simAM.difference, 'simAM', 'simAMZeroShot')],
      baseline: { value: 0, name: 'finetuning moves nothing' },
    },
    panel(
      'Kendall: attention to demonstration tokens',
      line(measured, kendall, 'kendall'),
      line('random order', kendall.random, 'kendallRandom'),
    ),
  ];
  return {
    title: `Similarity by layer: ${task.name} with ${model.name}, ${formatCount(task.examples)} rows`,
    note: 'Means over rows with 95 % intervals; each panel has its own baseline and scale',
    x: 'layer',
    y: 'mean over rows',
    panels: panels.filter(({ series }) => series[0]!.points.some(({ y }) => y !== null)),
  };
}

/** The mean over layers of each similarity, and its difference to the baseline, with intervals. */
export function similaritySummary({ result: { simAOU, simAM, kendall } }: RunData): IntervalChart {
  const [similar, different] = ['similarity, beside its baseline', 'minus its baseline, row by row'];
  const row = (group: string, name: string, { value, interval, why }: typeof simAOU.random): IntervalRow => ({
    group,
    name,
    value,
    low: interval.low,
    high: interval.high,
    why,
  });
  return {
    title: 'Similarities of in-context learning and finetuning',
    note: 'Means over layers with 95 % intervals over rows; each panel has its own scale',
    x: 'mean over layers',
    separate: true,
    rows: [
      row(similar, 'SimAOU', simAOU),
      row(similar, 'of a random direction', simAOU.random),
      row(similar, 'without normalising', simAOU.unnormalised),
      row(similar, 'SimAM', simAM),
      row(similar, 'of zero-shot', simAM.zeroShot),
      row(similar, 'of the updates', simAM.delta),
      row(similar, 'Kendall', kendall),
      row(similar, 'of a random order', kendall.random),
      row(different, 'SimAOU minus random', simAOU.difference),
      row(different, 'SimAM minus zero-shot', simAM.difference),
      row(different, 'Kendall minus random', kendall.difference),
    ].filter(({ value }) => value !== null),
    baselines: [{ value: 0, name: '0' }],
  };
}

/** Loss of each demonstration before its step; undefined where nothing was finetuned. */
export function lossChart({ demonstrations, result }: RunData): LineChart | undefined {
  const { losses } = result.finetuning;
  if (losses.length === 0) return undefined;
  const label = (step: number) => demonstrations.find(each => each.step === step)?.label;
  const words = result.task.labels;
  const series = words.map((word, id) => ({
    name: word.trim(),
    points: losses.flatMap((y, i) => (label(i) === id ? [{ x: i + 1, y }] : [])),
  }));
  const known = series.some(({ points }) => points.length > 0);
  return {
    title: 'Loss of each demonstration before its step of finetuning',
    x: 'step',
    y: 'nats per token',
    marks: 'dots',
    panels: [{ series: known ? series : [{ name: 'demonstration', points: losses.map((y, i) => ({ x: i + 1, y })) }] }],
  };
}

/** Over rows; none where no record of the rows is there, or there is no spread. */
function intervalOf(
  metrics: readonly MetricLine[],
  layer: number,
  mean: number | null,
  metric: LayerMetric,
  less: LayerMetric | undefined,
) {
  if (mean === null) return {};
  const values = metrics.flatMap(line => {
    const [value, other] = [line[metric]?.[layer] ?? null, less === undefined ? 0 : (line[less]?.[layer] ?? null)];
    return value === null || other === null ? [] : [value - other];
  });
  const found = meanWithInterval(values);
  return found === null ? {} : { low: found.low, high: found.high };
}
