import type { VNode } from 'preact';
import { BottomAxis } from './axes.tsx';
import { ChartSvg, type Frame, headerHeight, place, WIDTH, widthOf, wrap } from './chart-svg.tsx';
import { Legend, type LegendEntry, legendHeight } from './legend.tsx';
import { type Numbers, withBounds } from './numbers.ts';
import { makeScale, type Scale } from './scale.ts';
import { COLOURS } from './style.ts';

/** A value with its interval. */
export interface IntervalRow {
  readonly name: string;
  /** Null, and why, where it is undefined. */
  readonly value: number | null;
  readonly low?: number | null | undefined;
  readonly high?: number | null | undefined;
  readonly why?: string | undefined;
  /** Rows of one group share a colour. */
  readonly group?: string | undefined;
  /** A second line below the name. */
  readonly detail?: string | undefined;
}

interface Baseline {
  readonly value: number;
  readonly name: string;
  /** The group that it belongs to, where each has a panel (default: every group). */
  readonly group?: string | undefined;
}

export interface IntervalChart extends Frame {
  readonly rows: readonly IntervalRow[];
  /** Label of the axis. */
  readonly x: string;
  /** Vertical lines for comparison, with their names. */
  readonly baselines?: readonly Baseline[] | undefined;
  /** Each group has a panel with a scale of its own, where one would crush the other. */
  readonly separate?: boolean | undefined;
}

const RIGHT = 14;
const ROW = 26;
const LINE = 16;
const BELOW = 44;
const GROUP = 24;
const NAME = 15;

interface Placed {
  readonly row: IntervalRow;
  /** The lines of its name. */
  readonly names: readonly string[];
  readonly y: number;
  readonly middle: number;
}

interface PlacedPanel {
  readonly name: string | undefined;
  readonly start: number;
  readonly top: number;
  readonly bottom: number;
  readonly scale: Scale;
  readonly rows: readonly Placed[];
  readonly baselines: readonly (Baseline & { readonly at: number; readonly labelAt: number; readonly line: number })[];
}

/**
 * Values with their intervals, one below the other.
 *
 * @throws Error if there is no row
 */
export function IntervalChartView({ chart }: { readonly chart: IntervalChart }): VNode {
  const { rows, x, separate = false, width = WIDTH } = chart;
  if (rows.length === 0) throw new Error(`${chart.title}: there is nothing to draw`);
  const groups = [...new Set(rows.map(({ group }) => group).filter(group => group !== undefined))];
  const toneOf = (group: string | undefined) => `s${Math.max(groups.indexOf(group ?? ''), 0) % COLOURS}`;
  const legend: readonly LegendEntry[] =
    separate || groups.length < 2 ? [] : groups.map(name => ({ name, tone: toneOf(name) }));
  const header = headerHeight(chart);
  const panels = placePanels(chart, separate ? groups : [undefined], header + legendHeight(legend, width));
  return (
    <ChartSvg frame={chart} height={panels.at(-1)!.bottom + BELOW}>
      <Legend entries={legend} width={width} top={header} />
      {panels.map(panel => (
        <PanelView panel={panel} x={x} width={width} toneOf={toneOf} />
      ))}
    </ChartSvg>
  );
}

function leftOf(width: number): number {
  return Math.round(width * 0.42);
}

/** One panel for each group, or one for all (undefined). */
function placePanels(
  { rows, baselines = [], width = WIDTH }: IntervalChart,
  groups: readonly (string | undefined)[],
  start: number,
): readonly PlacedPanel[] {
  const left = leftOf(width);
  let next = start;
  return groups.map(name => {
    const own = name === undefined ? rows : rows.filter(({ group }) => group === name);
    const lines = baselines.filter(({ group }) => group === undefined || name === undefined || group === name);
    const numbers = [
      ...own.flatMap(({ value, low, high }) => [value, low, high]),
      ...lines.map(({ value }) => value),
    ].filter(value => value !== null && value !== undefined);
    const range: [number, number] = numbers.length === 0 ? [0, 1] : [Math.min(...numbers), Math.max(...numbers)];
    const scale = makeScale({ kind: 'linear' }, range, [left + 6, width - RIGHT - 6], { count: 4 });
    const named = placeNames(lines, scale, width);
    const above = Math.max(0, ...named.map(({ line }) => line + 1)) * NAME + (named.length > 0 ? 4 : 0);
    const panelStart = next;
    const top = next + (name === undefined ? 0 : GROUP) + above + 4;
    next = top;
    const placed = own.map((row): Placed => {
      const names = wrap(row.name, left - 12);
      const height = Math.max(ROW, names.length * LINE + (row.detail === undefined ? 0 : LINE) + 8);
      const at = { row, names, y: next, middle: next + height / 2 };
      next += height;
      return at;
    });
    const bottom = next;
    next += BELOW;
    return { name, start: panelStart, top, bottom, scale, rows: placed, baselines: named };
  });
}

/** Names of baselines above the panel, in the lowest line where they meet no other. */
function placeNames(baselines: readonly Baseline[], scale: Scale, width: number): PlacedPanel['baselines'] {
  const ends: number[] = [];
  return baselines
    .map(each => ({ ...each, at: place(scale.at(each.value)), half: widthOf(each.name) / 2 }))
    .sort((a, b) => a.at - b.at)
    .map(({ half, ...each }) => {
      const labelAt = place(Math.max(half, Math.min(each.at, width - half)));
      const free = ends.findIndex(end => end + 6 < labelAt - half);
      const line = free === -1 ? ends.length : free;
      ends[line] = labelAt + half;
      return { ...each, labelAt, line };
    });
}

function PanelView({
  panel: { name, start, top, bottom, scale, rows, baselines },
  x,
  width,
  toneOf,
}: {
  readonly panel: PlacedPanel;
  readonly x: string;
  readonly width: number;
  readonly toneOf: (group: string | undefined) => string;
}): VNode {
  const left = leftOf(width);
  return (
    <g>
      {name !== undefined && (
        <text class="panel" x={8} y={start + 17}>
          {name}
        </text>
      )}
      {scale.ticks.map(({ value }) => (
        <line class="grid" x1={place(scale.at(value))} x2={place(scale.at(value))} y1={top} y2={bottom} />
      ))}
      {baselines.map(each => (
        <g>
          <line class="base" x1={each.at} x2={each.at} y1={top - 2 - each.line * NAME} y2={bottom} />
          <text class="tick" x={each.labelAt} y={top - 5 - each.line * NAME} text-anchor="middle">
            {each.name}
          </text>
        </g>
      ))}
      {rows.map(each => (
        <g class={toneOf(each.row.group)}>
          <RowView placed={each} left={left} scale={scale} />
        </g>
      ))}
      <BottomAxis area={{ left, right: width - RIGHT, top, bottom }} scale={scale} label={x} />
    </g>
  );
}

function RowView({
  placed: { row, names, y, middle },
  left,
  scale,
}: {
  readonly placed: Placed;
  readonly left: number;
  readonly scale: Scale;
}): VNode {
  return (
    <>
      {names.map((line, i) => (
        <text x={8} y={y + 17 + LINE * i}>
          {line}
        </text>
      ))}
      {row.detail !== undefined && (
        <text class="tick" x={8} y={y + 15 + LINE * names.length}>
          {row.detail}
        </text>
      )}
      {row.value === null ? (
        <text class="tick" x={left + 6} y={middle + 4}>
          undefined
        </text>
      ) : (
        <g data-tip={`${row.name}: ${withBounds(row.value, row.low, row.high)}`}>
          {row.low != null && row.high != null && (
            <line
              class="whisker"
              x1={place(scale.at(row.low))}
              x2={place(scale.at(row.high))}
              y1={middle}
              y2={middle}
            />
          )}
          <circle class="dot" cx={place(scale.at(row.value))} cy={middle} r={4} />
        </g>
      )}
    </>
  );
}

export function intervalNumbers({ rows, x, baselines = [], separate }: IntervalChart): Numbers {
  const detailed = rows.some(({ detail }) => detail !== undefined);
  const nameOf = ({ name, group }: Pick<IntervalRow, 'name' | 'group'>) =>
    separate && group !== undefined ? `${group}: ${name}` : name;
  return {
    head: ['', x, ...(detailed ? [''] : [])],
    rows: [
      ...rows.map(({ name, group, value, low, high, why, detail }) => [
        nameOf({ name, group }),
        value === null ? `undefined${why === undefined ? '' : `: ${why}`}` : withBounds(value, low, high),
        ...(detailed ? [detail ?? ''] : []),
      ]),
      ...baselines.map(({ name, value }) => [name, withBounds(value), ...(detailed ? [''] : [])]),
    ],
  };
}
