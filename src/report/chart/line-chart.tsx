import type { VNode } from 'preact';
import { type Area, BottomAxis, LeftAxis } from './axes.tsx';
import { ChartSvg, type Frame, headerHeight, place, WIDTH, widthOf } from './chart-svg.tsx';
import { Legend, type LegendEntry, legendHeight } from './legend.tsx';
import { type Numbers, numberCell, shortNumber, withBounds } from './numbers.ts';
import { makeScale, type Scale, type ScaleKind } from './scale.ts';
import { BASELINE_COLOURS, COLOURS } from './style.ts';

export interface Point {
  readonly x: number;
  /** null leaves a gap in the line. */
  readonly y: number | null;
  /** An interval around `y`: a band, or a bar where points are few. */
  readonly low?: number | null | undefined;
  readonly high?: number | null | undefined;
  /** Name of the point, for the reader who points at it. */
  readonly name?: string | undefined;
}

export interface Series {
  /** Shown in the legend; series of one name in several panels share a colour. */
  readonly name: string;
  readonly points: readonly Point[];
  readonly dashed?: boolean | undefined;
  /** Default: a colour of its own. `baseline` is grey, `plain` is the colour of the text. */
  readonly tone?: 'baseline' | 'plain' | undefined;
}

export interface Panel {
  readonly name?: string | undefined;
  /** Label of its vertical axis (default: that of the chart). */
  readonly y?: string | undefined;
  readonly series: readonly Series[];
  /** A horizontal line for comparison, with its name: zero, the loss at chance. */
  readonly baseline?: { readonly value: number; readonly name: string } | undefined;
  /** The ends of the vertical axis; what lies outside is cut off, which the name has to say. */
  readonly clip?: readonly [number, number] | undefined;
}

export interface LineChart extends Frame {
  /** Axis labels. */
  readonly x: string;
  readonly y: string;
  /** One below the other, each with a vertical scale of its own. */
  readonly panels: readonly Panel[];
  readonly scaleX?: 'linear' | 'log' | undefined;
  readonly scaleY?: ScaleKind | undefined;
  /** Up to where a symmetric-log axis is linear. */
  readonly threshold?: number | undefined;
  /** One vertical scale for all panels, to compare them. */
  readonly sharedY?: boolean | undefined;
  /** Only `dots`, or a `line`, with dots if there are few points (the default). */
  readonly marks?: 'line' | 'dots' | undefined;
  /** Ordered colours, for series that vary one quantity. */
  readonly ordered?: boolean | undefined;
}

/** With more points, dots and bars would hide the line. */
const DOTS_AT_MOST = 40;
const BARS_AT_MOST = 16;
/** Pixels from series to series with bars, which would cover each other at the same x. */
const BESIDE = 4;
const PANEL_HEIGHT = 150;
const LEFT = 54;
const RIGHT = 14;
/** Space above a panel for the label of its axis, and below for the axis. */
const ABOVE = 26;
const BELOW = 44;

/**
 * Lines over a horizontal axis.
 *
 * @throws Error if there is no point, a number is not finite, or one on a logarithmic axis is not
 * positive
 */
export function LineChartView({ chart }: { readonly chart: LineChart }): VNode {
  requireNumbers(chart);
  const { x, y, panels, scaleX = 'linear', scaleY = 'linear', threshold, sharedY, width = WIDTH } = chart;
  const toneOf = tones(chart);
  const entries = panels.map(panel => legendOf(panel, toneOf));
  const common = panels.length === 1 || entries.every(each => JSON.stringify(each) === JSON.stringify(entries[0]));
  const shown = (i: number) => (common && i > 0 ? [] : oneLine(entries[i]!));
  const points = panels.flatMap(({ series }) => series.flatMap(each => each.points));
  const rangeX = extent(points.map(point => point.x));
  const inset = 6 + Math.max(0, ...panels.map(({ series }) => halfWidth(besideEachOther(series, chart.marks))));
  const scaleOfX = makeScale({ kind: scaleX }, rangeX, [LEFT + inset, width - RIGHT - inset], {
    count: Math.round(width / 70),
    whole: points.every(point => Number.isInteger(point.x)),
  });
  const all = extent(panels.flatMap(valuesOf));
  let top = headerHeight(chart);
  const placed = panels.map((panel, i) => {
    const named = panel.name === undefined ? 0 : 22;
    const legend = legendHeight(shown(i), width);
    const area: Area = {
      left: LEFT,
      right: width - RIGHT,
      top: top + named + legend + ABOVE,
      bottom: top + named + legend + ABOVE + PANEL_HEIGHT,
    };
    const start = top;
    top = area.bottom + BELOW;
    return { panel, area, start, named, legend: shown(i) };
  });
  return (
    <ChartSvg frame={chart} height={top}>
      {placed.map(({ panel, area, start, named, legend }) => {
        const vertical = makeScale(
          { kind: scaleY, threshold },
          panel.clip ?? (sharedY ? all : extent(valuesOf(panel))),
          [area.bottom, area.top],
          { count: scaleY === 'symmetric-log' ? 9 : 5, nice: panel.clip === undefined },
        );
        return (
          <g>
            {panel.name !== undefined && (
              <text class="panel" x={8} y={start + 16}>
                {panel.name}
              </text>
            )}
            <Legend entries={legend} width={width} top={start + named} />
            <LeftAxis area={area} scale={vertical} label={panel.y ?? y} />
            {panel.baseline && <BaselineName area={area} name={panel.baseline.name} />}
            <BottomAxis area={area} scale={scaleOfX} label={x} />
            <Clipped area={area} clip={panel.clip !== undefined}>
              <PanelMarks
                chart={chart}
                panel={panel}
                area={area}
                scales={{ x: scaleOfX, y: vertical }}
                toneOf={toneOf}
              />
            </Clipped>
          </g>
        );
      })}
    </ChartSvg>
  );
}

/** Above the panel at the right, where no line is in its way. */
function BaselineName({ area: { right, top }, name }: { readonly area: Area; readonly name: string }): VNode {
  const end = right - widthOf(name) - 8;
  return (
    <g>
      <line class="base" x1={place(end - 18)} x2={place(end)} y1={top - 13} y2={top - 13} />
      <text class="soft" x={right} y={top - 9} text-anchor="end">
        {name}
      </text>
    </g>
  );
}

/** An inner <svg> cuts off what lies outside, and needs no id as a <clipPath> does. */
function Clipped({
  area: { left, right, top, bottom },
  clip,
  children,
}: {
  readonly area: Area;
  readonly clip: boolean;
  readonly children: VNode;
}): VNode {
  if (!clip) return children;
  const size = { x: left, y: top, width: right - left, height: bottom - top };
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: a part of the chart, which has a title
    <svg {...size} viewBox={`${left} ${top} ${size.width} ${size.height}`}>
      {children}
    </svg>
  );
}

function PanelMarks({
  chart: { marks = 'line', x: labelX },
  panel,
  area,
  scales,
  toneOf,
}: {
  readonly chart: LineChart;
  readonly panel: Panel;
  readonly area: Area;
  readonly scales: { readonly x: Scale; readonly y: Scale };
  readonly toneOf: ToneOf;
}): VNode {
  const { series, baseline } = panel;
  const drawn = behindFirst(series);
  const barred = besideEachOther(drawn, marks);
  const y = (value: number) => place(scales.y.at(value));
  return (
    <g>
      {baseline && <line class="base" x1={area.left} x2={area.right} y1={y(baseline.value)} y2={y(baseline.value)} />}
      {drawn.map(each => {
        const { points, dashed, name } = each;
        const bounded = points.filter(isBounded);
        const bars = hasBars(each, marks);
        const beside = barred.includes(each) ? BESIDE * barred.indexOf(each) - halfWidth(barred) : 0;
        const x = (value: number) => place(scales.x.at(value) + beside);
        const dots = marks === 'dots' || points.length <= DOTS_AT_MOST;
        return (
          <g class={toneOf(each, panel)}>
            {bars
              ? bounded.map(point => (
                  <line class="whisker" x1={x(point.x)} x2={x(point.x)} y1={y(point.low)} y2={y(point.high)} />
                ))
              : bounded.length > 1 && <path class="band" d={bandPath(bounded, x, y)} />}
            {marks === 'line' && <path class={`line${dashed ? ' dashed' : ''}`} d={linePath(points, x, y)} />}
            {points.map(point =>
              point.y === null ? null : (
                <circle
                  class={dots ? 'dot' : 'hit'}
                  cx={x(point.x)}
                  cy={y(point.y)}
                  r={dots ? 2.8 : 5}
                  data-tip={`${name}, ${point.name ?? `${labelX} ${shortNumber(point.x)}`}: ${withBounds(point.y, point.low, point.high)}`}
                />
              ),
            )}
          </g>
        );
      })}
    </g>
  );
}

/** The series whose bars would cover each other. Dots alone stay at their x, which is measured too. */
function besideEachOther(series: readonly Series[], marks: LineChart['marks']): readonly Series[] {
  return marks === 'dots' ? [] : series.filter(each => hasBars(each, marks) && each.points.some(isBounded));
}

/** Pixels from the x of a point to the outermost of the bars beside each other. */
function halfWidth(series: readonly Series[]): number {
  return (BESIDE * Math.max(0, series.length - 1)) / 2;
}

function hasBars({ points }: Series, marks: LineChart['marks']): boolean {
  return marks === 'dots' || points.length <= BARS_AT_MOST;
}

function isBounded(point: Point): point is Point & { readonly low: number; readonly high: number } {
  return point.low != null && point.high != null;
}

/** What is measured is drawn over its baselines. */
function behindFirst(series: readonly Series[]): readonly Series[] {
  const isBehind = ({ tone }: Series) => tone === 'baseline';
  return [...series.filter(isBehind), ...series.filter(each => !isBehind(each))];
}

type At = (value: number) => number;

function linePath(points: readonly Point[], x: At, y: At): string {
  let pen = 'M';
  return points
    .map(point => {
      if (point.y === null) {
        pen = 'M';
        return '';
      }
      const step = `${pen}${x(point.x)},${y(point.y)}`;
      pen = 'L';
      return step;
    })
    .join('');
}

function bandPath(
  points: readonly { readonly x: number; readonly low: number; readonly high: number }[],
  x: At,
  y: At,
) {
  const upper = points.map(point => `${x(point.x)},${y(point.high)}`);
  const lower = points.map(point => `${x(point.x)},${y(point.low)}`).reverse();
  return `M${[...upper, ...lower].join('L')}Z`;
}

/**
 * A chart of each panel, which a page can place side by side.
 *
 * @param before of each title
 */
export function splitPanels(chart: LineChart, before = ''): readonly LineChart[] {
  if (chart.panels.length < 2) return [chart];
  return chart.panels.map(({ name, y, ...panel }) => ({
    ...chart,
    title: `${before}${name ?? chart.title}`,
    y: y ?? chart.y,
    panels: [panel],
  }));
}

/** The numbers of a chart: a row for each x of each panel. */
export function lineNumbers({ x, panels }: LineChart): Numbers {
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  const several = panels.length > 1;
  const named = panels.some(({ series }) =>
    series.some(({ points }) => points.some(point => point.name !== undefined)),
  );
  const rows = panels.flatMap(panel => {
    const all = panel.series.flatMap(({ points }) => points);
    const places = new Map(all.map(point => [`${point.x} ${point.name ?? ''}`, point]));
    return [...places]
      .sort(([, a], [, b]) => a.x - b.x)
      .map(([key, { x: value, name }]) => [
        ...(several ? [panel.name ?? ''] : []),
        ...(named ? [name ?? ''] : []),
        shortNumber(value),
        ...names.map(each => {
          const found = panel.series
            .find(series => series.name === each)
            ?.points.find(point => `${point.x} ${point.name ?? ''}` === key);
          return numberCell(found?.y, found?.low, found?.high);
        }),
      ]);
  });
  return { head: [...(several ? ['panel'] : []), ...(named ? ['point'] : []), x, ...names], rows };
}

type ToneOf = (series: Series, panel: Panel) => string;

/** The class of the colour of each series. */
function tones({ panels, ordered = false }: LineChart): ToneOf {
  const all = panels.flatMap(({ series }) => series);
  const own = [...new Set(all.filter(({ tone }) => tone === undefined).map(({ name }) => name))];
  return (series, panel) => {
    const { name, tone } = series;
    if (tone === 'plain') return 'plain';
    if (tone === 'baseline') {
      const baselines = panel.series.filter(each => each.tone === 'baseline').map(each => each.name);
      return `b${baselines.indexOf(name) % BASELINE_COLOURS}`;
    }
    const i = own.indexOf(name);
    if (!ordered) return `s${i % COLOURS}`;
    return `o${own.length === 1 ? 0 : Math.round((i * (COLOURS - 1)) / (own.length - 1))}`;
  };
}

function legendOf(panel: Panel, toneOf: ToneOf): readonly LegendEntry[] {
  const first = new Map<string, Series>();
  for (const each of panel.series) if (!first.has(each.name)) first.set(each.name, each);
  return [...first.values()].map(each => ({
    name: each.name,
    tone: toneOf(each, panel),
    dashed: each.dashed ?? false,
  }));
}

/** A single line needs no legend: the axis names it. */
function oneLine(entries: readonly LegendEntry[]): readonly LegendEntry[] {
  return entries.length === 1 ? [] : entries;
}

function valuesOf({ series, baseline }: Panel): readonly number[] {
  const values = series.flatMap(({ points }) => points.flatMap(({ y, low, high }) => [y, low, high]));
  return [...values, baseline?.value].filter(value => value !== null && value !== undefined);
}

function extent(values: readonly number[]): [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return values.length === 0 ? [0, 1] : [least, most];
}

function requireNumbers({ title, panels, scaleX, scaleY }: LineChart): void {
  const points = panels.flatMap(({ series }) => series.flatMap(each => each.points));
  if (points.every(({ y }) => y === null)) throw new Error(`${title}: there is nothing to draw`);
  for (const point of points) {
    for (const [axis, values, log] of [
      ['x', [point.x], scaleX === 'log'],
      ['y', [point.y, point.low, point.high], scaleY === 'log'],
    ] as const) {
      for (const value of values) {
        if (value === null || value === undefined) continue;
        if (!Number.isFinite(value)) throw new Error(`${title}: ${axis} is ${value} at x = ${point.x}`);
        if (log && value <= 0) throw new Error(`${title}: ${axis} is ${value} on a logarithmic axis`);
      }
    }
  }
}
