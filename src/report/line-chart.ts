import * as Plot from '@observablehq/plot';
import type { Frame } from './frame.ts';
import { drawChart, seriesColors } from './svg.ts';

export interface Point {
  readonly x: number;
  /** null leaves a gap in the line. */
  readonly y: number | null;
  /** An interval around `y`, drawn as a band. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

export interface Series {
  /** Shown in the legend; series of one name in several facets share a colour. */
  readonly name: string;
  readonly points: readonly Point[];
  /** The facet that shows the series. */
  readonly facet?: string | undefined;
  readonly dashed?: boolean | undefined;
  /** Default: chosen from a palette. */
  readonly color?: string | undefined;
}

export interface LineChart extends Frame {
  /** Axis labels. */
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** Logarithmic axes. */
  readonly logX?: boolean | undefined;
  readonly logY?: boolean | undefined;
  /** Only `dots`, or a `line`, with dots if there are few points (the default). */
  readonly marks?: 'line' | 'dots' | undefined;
  /** A horizontal line for comparison: zero, the loss at chance. */
  readonly baseline?: number | undefined;
  /** Colours from dark to light, for series that vary one quantity. */
  readonly ordered?: boolean | undefined;
}

/** With more points, dots would hide the line. */
const DOTS_AT_MOST = 40;

/**
 * Draws lines over a common horizontal axis as the text of an SVG file. If the series name facets,
 * these are drawn side by side, in order of appearance.
 *
 * @throws Error if there is no point, a number is not finite, or one on a logarithmic axis is not
 * positive
 */
export function lineChart(options: LineChart): string {
  const { x, y, series, logX = false, logY = false, marks = 'line', baseline, ordered = false } = options;
  const points = series.flatMap(({ name, facet, dashed = false, points }) =>
    points.map(point => ({ ...point, name, facet: facet ?? '', dashed, key: `${facet ?? ''}/${name}/${dashed}` })),
  );
  requireNumbers(points, 'x', logX);
  requireNumbers(points, 'y', logY);
  if (points.every(point => point.y === null)) throw new Error('lineChart: there is nothing to draw');

  const names = [...new Set(series.map(({ name }) => name))];
  const chosen = seriesColors(names.length, ordered);
  const colors = names.map((name, i) => series.find(each => each.name === name)!.color ?? chosen[i]!);
  const facets = [...new Set(series.map(({ facet }) => facet ?? ''))];
  const faceted = facets.length > 1 || facets[0] !== '';
  const fx = faceted ? { fx: 'facet' as const } : {};
  const color = (point: { readonly name: string }) => colors[names.indexOf(point.name)]!;
  const channels = { x: 'x', z: 'key', ...fx } as const;
  const banded = points.filter(({ low, high }) => low !== undefined && high !== undefined);
  const dotted = series.filter(({ points }) => marks === 'dots' || points.length <= DOTS_AT_MOST);

  return drawChart(options, names.length === 1 ? [] : legendOf(series, names, colors), {
    ...(faceted ? { fx: { domain: facets, label: null, padding: 0.1 } } : {}),
    marginLeft: 62,
    marginRight: 20,
    marginBottom: 38,
    x: {
      label: x,
      type: logX ? 'log' : 'linear',
      ticks: faceted ? 5 : 8,
      labelAnchor: 'center',
      labelArrow: 'none',
      ...plainLogTicks(logX),
    },
    y: {
      label: y,
      type: logY ? 'log' : 'linear',
      grid: true,
      nice: !logY,
      labelAnchor: 'center',
      labelArrow: 'none',
      ...plainLogTicks(logY),
    },
    marks: [
      ...(baseline === undefined ? [] : [Plot.ruleY([baseline], { stroke: '#999', strokeDasharray: '3,3' })]),
      ...(banded.length === 0
        ? []
        : [Plot.areaY(banded, { ...channels, y1: 'low', y2: 'high', fill: color, fillOpacity: 0.15 })]),
      ...(marks === 'dots'
        ? []
        : [false, true].map(dashed =>
            Plot.lineY(
              points.filter(point => point.dashed === dashed),
              { ...channels, y: 'y', stroke: color, strokeWidth: 1.8, ...(dashed ? { strokeDasharray: '5,3' } : {}) },
            ),
          )),
      Plot.dot(
        points.filter(point => dotted.some(({ name, facet }) => name === point.name && (facet ?? '') === point.facet)),
        { ...channels, y: 'y', fill: color, r: 2.2 },
      ),
    ],
  });
}

function legendOf(series: readonly Series[], names: readonly string[], colors: readonly string[]) {
  return names.map((name, i) => ({
    name,
    color: colors[i]!,
    dashed: series.filter(each => each.name === name).every(({ dashed }) => dashed === true),
  }));
}

/**
 * Plot labels logarithmic ticks as 1k and 100m. Losses read better as 0.1, and 1e-6 better than a
 * row of zeros.
 */
function plainLogTicks(logarithmic: boolean) {
  const label = (value: number) => (value < 1e-3 ? value.toExponential() : String(Number(value.toPrecision(3))));
  return logarithmic ? { tickFormat: label } : {};
}

function requireNumbers(points: readonly Point[], axis: 'x' | 'y', logarithmic: boolean): void {
  for (const point of points) {
    const values = axis === 'x' ? [point.x] : [point.y, point.low, point.high];
    for (const value of values) {
      if (value === null || value === undefined) continue;
      if (!Number.isFinite(value)) throw new Error(`lineChart: ${axis} is ${value} at x = ${point.x}`);
      if (logarithmic && value <= 0) throw new Error(`lineChart: ${axis} is ${value} on a logarithmic axis`);
    }
  }
}
