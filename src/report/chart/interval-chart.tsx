import type { VNode } from 'preact';
import { BottomAxis } from './axes.tsx';
import { ChartSvg, type Frame, headerHeight, place, WIDTH, wrap } from './chart-svg.tsx';
import { Legend, type LegendEntry, legendHeight } from './legend.tsx';
import { type Numbers, withBounds } from './numbers.ts';
import { makeScale } from './scale.ts';
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

export interface IntervalChart extends Frame {
  readonly rows: readonly IntervalRow[];
  /** Label of the axis. */
  readonly x: string;
  /** Vertical lines for comparison, with their names. */
  readonly baselines?: readonly { readonly value: number; readonly name: string }[] | undefined;
}

const RIGHT = 14;
const ROW = 26;
const DETAIL = 16;
const BELOW = 44;

/**
 * Values with their intervals, one below the other.
 *
 * @throws Error if there is no row
 */
export function IntervalChartView({ chart }: { readonly chart: IntervalChart }): VNode {
  const { rows, x, baselines = [], width = WIDTH } = chart;
  if (rows.length === 0) throw new Error(`${chart.title}: there is nothing to draw`);
  const left = Math.round(width * 0.42);
  const groups = [...new Set(rows.map(({ group }) => group).filter(group => group !== undefined))];
  const toneOf = (group: string | undefined) => `s${Math.max(groups.indexOf(group ?? ''), 0) % COLOURS}`;
  const legend: readonly LegendEntry[] = groups.length < 2 ? [] : groups.map(name => ({ name, tone: toneOf(name) }));
  const numbers = [
    ...rows.flatMap(({ value, low, high }) => [value, low, high]),
    ...baselines.map(({ value }) => value),
  ].filter(value => value !== null && value !== undefined);
  const range: [number, number] = numbers.length === 0 ? [0, 1] : [Math.min(...numbers), Math.max(...numbers)];
  const scale = makeScale({ kind: 'linear' }, range, [left, width - RIGHT - 6], { count: 5, nice: true });
  const header = headerHeight(chart);
  const top = header + legendHeight(legend, width) + (baselines.length > 0 ? 18 : 0) + 6;
  let next = top;
  const placed = rows.map(row => {
    const names = wrap(row.name, left - 12);
    const height = Math.max(ROW, names.length * 16 + (row.detail === undefined ? 0 : DETAIL) + 8);
    const at = { row, names, y: next, middle: next + height / 2 };
    next += height;
    return at;
  });
  return (
    <ChartSvg frame={chart} height={next + BELOW}>
      <Legend entries={legend} width={width} top={header} />
      {scale.ticks.map(({ value }) => (
        <line class="grid" x1={place(scale.at(value))} x2={place(scale.at(value))} y1={top} y2={next} />
      ))}
      {baselines.map(({ value, name }) => (
        <g>
          <line class="base" x1={place(scale.at(value))} x2={place(scale.at(value))} y1={top} y2={next} />
          <text class="tick" x={place(scale.at(value))} y={top - 5} text-anchor="middle">
            {name}
          </text>
        </g>
      ))}
      {placed.map(({ row, names, y, middle }) => (
        <g class={toneOf(row.group)}>
          {names.map((line, i) => (
            <text x={8} y={y + 17 + 16 * i}>
              {line}
            </text>
          ))}
          {row.detail !== undefined && (
            <text class="tick" x={8} y={y + 17 + 16 * names.length - 2}>
              {row.detail}
            </text>
          )}
          {row.value === null ? (
            <text class="tick" x={left} y={middle + 4}>
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
              <circle class="dot" cx={place(scale.at(row.value))} cy={middle} r={4.5} />
            </g>
          )}
        </g>
      ))}
      <BottomAxis area={{ left, right: width - RIGHT, top, bottom: next }} scale={scale} label={x} />
    </ChartSvg>
  );
}

export function intervalNumbers({ rows, x, baselines = [] }: IntervalChart): Numbers {
  const detailed = rows.some(({ detail }) => detail !== undefined);
  return {
    head: ['', x, ...(detailed ? [''] : [])],
    rows: [
      ...rows.map(({ name, value, low, high, why, detail }) => [
        name,
        value === null ? `undefined${why === undefined ? '' : `: ${why}`}` : withBounds(value, low, high),
        ...(detailed ? [detail ?? ''] : []),
      ]),
      ...baselines.map(({ name, value }) => [name, withBounds(value), ...(detailed ? [''] : [])]),
    ],
  };
}
