import { lineChart, type Series } from '../../report/line-chart.ts';
import { seriesColors } from '../../report/svg.ts';
import type { Eta } from './plan.ts';
import type { CurveResult, MomentumResult, Table } from './result.ts';

/** A figure of a study as the text of an SVG file. */
export interface Figure {
  readonly file: string;
  readonly svg: string;
}

const PLAIN = '#222222';
/** Colours of baselines. */
const GREYS = ['#bbbbbb', '#999999', '#777777'];

/** All curves of the study, and perplexities and training losses by eta. */
export function drawFigures({ curves, tables, etas }: MomentumResult): readonly Figure[] {
  const colors = colorsOf(etas);
  const byEta = tables.filter(
    ({ name, rows }) => ['perplexity', 'training'].includes(name) && comparedEtas(rows).length > 1,
  );
  return [
    ...curves
      .filter(({ series }) => series.length > 0)
      .map(curve => ({ file: `${curve.task}-${curve.name.replaceAll(' ', '-')}.svg`, svg: drawCurve(curve, colors) })),
    ...byEta.map(table => ({ file: `${table.name}-by-eta.svg`, svg: drawChanges(table) })),
  ];
}

/** Name of a row of a table or a line of a figure. */
export function rowName(eta: Eta): string {
  if (eta === 0) return 'plain attention';
  return eta === 'learned' ? 'learned eta' : `eta ${eta}`;
}

/**
 * One colour per eta in all figures: plain attention is black, momenta go from dark to light.
 */
function colorsOf(etas: readonly Eta[]): ReadonlyMap<Eta, string> {
  const momenta = etas.filter(eta => eta !== 0);
  const shades = seriesColors(momenta.length, true);
  return new Map<Eta, string>([[0, PLAIN], ...momenta.map((eta, i) => [eta, shades[i]!] as const)]);
}

function drawCurve({ title, x, y, series, baselines }: CurveResult, colors: ReadonlyMap<Eta, string>): string {
  const trained = series.map(
    ({ eta, points }): Series => ({
      name: rowName(eta),
      points: points.map((point, i) => ({
        x: x.values[i]!,
        y: point?.mean ?? null,
        low: point?.low ?? undefined,
        high: point?.high ?? undefined,
      })),
      color: colors.get(eta),
    }),
  );
  const others = baselines.map(
    ({ name, values }, i): Series => ({
      name,
      points: values.map((value, j) => ({ x: x.values[j]!, y: value })),
      dashed: true,
      color: GREYS[i % GREYS.length]!,
    }),
  );
  return lineChart({ title, x: x.title, y, series: [...trained, ...others] });
}

/** Difference to plain attention in percent, with its interval, by fixed eta. */
function drawChanges({ name, columns, rows }: Table): string {
  const [{ entries: plain }] = rows as [Table['rows'][number]];
  const series = columns.map(
    ({ title }, i): Series => ({
      name: title,
      points: comparedEtas(rows).flatMap(({ eta, entries }) => {
        const { difference } = entries[i]!;
        if (difference === undefined || plain[i]!.mean === null) return [];
        const percent = (value: number) => (100 * value) / plain[i]!.mean!;
        const { difference: middle, low, high } = difference;
        const band = low === null || high === null ? {} : { low: percent(low), high: percent(high) };
        return [{ x: eta, y: percent(middle), ...band }];
      }),
    }),
  );
  const what = name === 'perplexity' ? 'Perplexity' : 'Mean training loss';
  return lineChart({
    title: `${what}: difference to plain attention`,
    x: 'eta',
    y: 'percent',
    logX: true,
    baseline: 0,
    series,
  });
}

/** Rows of fixed etas with a comparison in some column, in ascending order. */
function comparedEtas(rows: Table['rows']) {
  return rows
    .flatMap(({ eta, entries }) =>
      typeof eta === 'number' && entries.some(({ difference }) => difference !== undefined) ? [{ eta, entries }] : [],
    )
    .sort((a, b) => a.eta - b.eta);
}
