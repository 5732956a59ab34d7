import type { LineChart, Panel, Series } from '../chart/line-chart.tsx';
import type { Eta, MomentumCurve, MomentumStudy, MomentumTable } from './momentum-result.ts';

/** A chart of a study, and the name of the file that holds it. */
export interface NamedChart {
  readonly file: string;
  readonly chart: LineChart;
}

/** Up to where the axis of differences is linear, in percent. */
const LINEAR_TO = 2;
/** A second panel shows what lies near plain attention where the first has so many times its range. */
const CRUSHED = 2.5;

/** All curves of the study, and perplexities and training losses by eta. */
export function momentumCharts({ curves, tables }: Pick<MomentumStudy, 'curves' | 'tables'>): readonly NamedChart[] {
  const byEta = tables.filter(
    ({ name, rows }) => ['perplexity', 'training'].includes(name) && comparedEtas(rows).length > 1,
  );
  return [
    ...curves
      .filter(({ series }) => series.length > 0)
      .map(curve => ({ file: `${curve.task}-${curve.name.replaceAll(' ', '-')}.svg`, chart: curveChart(curve) })),
    ...byEta.map(table => ({ file: `${table.name}-by-eta.svg`, chart: changesChart(table) })),
  ];
}

/** Name of a row of a table or a line of a figure. */
export function rowName(eta: Eta): string {
  if (eta === 0) return 'plain attention';
  return eta === 'learned' ? 'learned eta' : `eta ${eta}`;
}

function curveChart({ title, x, y, series, baselines }: MomentumCurve): LineChart {
  const trained = series.map(
    ({ eta, points }): Series => ({
      name: rowName(eta),
      tone: eta === 0 ? 'plain' : undefined,
      points: points.map((point, i) => ({
        x: x.values[i]!,
        y: point?.mean ?? null,
        low: point?.low,
        high: point?.high,
      })),
    }),
  );
  const others = baselines.map(
    ({ name, values }): Series => ({
      name,
      tone: 'baseline',
      dashed: true,
      points: values.map((value, j) => ({ x: x.values[j]!, y: value })),
    }),
  );
  const all: Panel = { series: [...trained, ...others] };
  const clip = nearPlain(trained);
  const panels = clip === undefined ? [all] : [{ ...all, name: 'everything' }, nearPanel(all, clip)];
  return { title, x: x.title, y, ordered: true, panels };
}

function nearPanel({ series }: Panel, clip: readonly [number, number]): Panel {
  return { name: 'near plain attention; the rest is cut off', series, clip };
}

/**
 * The surroundings of plain attention that hold half of the etas; undefined where they are not
 * crushed in the range of all.
 */
function nearPlain(trained: readonly Series[]): readonly [number, number] | undefined {
  const plain = trained.find(({ tone }) => tone === 'plain')?.points.map(({ y }) => y);
  if (plain === undefined || trained.length < 3) return undefined;
  const distances = trained
    .filter(({ tone }) => tone !== 'plain')
    .map(({ points }) =>
      Math.max(...points.map(({ y }, i) => (y === null || plain[i] == null ? 0 : Math.abs(y - plain[i])))),
    )
    .sort((a, b) => a - b);
  const known = plain.filter(y => y !== null);
  const margin = 1.25 * distances[Math.floor((distances.length - 1) / 2)]!;
  if (known.length === 0 || margin === 0) return undefined;
  const near = [Math.min(...known) - margin, Math.max(...known) + margin] as const;
  const values = trained.flatMap(({ points }) => points.flatMap(({ y }) => y ?? []));
  const range = Math.max(...values) - Math.min(...values);
  return range > CRUSHED * (near[1] - near[0]) ? near : undefined;
}

/** Difference to plain attention in percent, with its interval, by fixed eta. */
function changesChart({ name, columns, rows }: MomentumTable): LineChart {
  const [{ entries: plain }] = rows as [MomentumTable['rows'][number]];
  const series = columns.map(
    ({ title }, i): Series => ({
      name: title,
      points: comparedEtas(rows).flatMap(({ eta, entries }) => {
        const { difference } = entries[i]!;
        if (difference === undefined || plain[i]!.mean === null) return [];
        const percent = (value: number | null) => (value === null ? null : (100 * value) / plain[i]!.mean!);
        const { difference: middle, low, high } = difference;
        return [{ x: eta, y: percent(middle), low: percent(low), high: percent(high) }];
      }),
    }),
  );
  const what = name === 'perplexity' ? 'Perplexity' : 'Mean training loss';
  return {
    title: `${what}: difference to plain attention`,
    note: `The vertical axis is linear within ±${LINEAR_TO} % and logarithmic beyond. Below the line is better.`,
    x: 'eta',
    y: 'percent',
    scaleX: 'log',
    scaleY: 'symmetric-log',
    threshold: LINEAR_TO,
    panels: [{ series, baseline: { value: 0, name: 'plain attention' } }],
  };
}

/** Rows of fixed etas with a comparison in some column, in ascending order. */
function comparedEtas(rows: MomentumTable['rows']) {
  return rows
    .flatMap(({ eta, entries }) =>
      typeof eta === 'number' && entries.some(({ difference }) => difference !== undefined) ? [{ eta, entries }] : [],
    )
    .sort((a, b) => a.eta - b.eta);
}
