import type { VNode } from 'preact';
import { ChartSvg, type Frame, headerHeight, place, WIDTH, widthOf, wrap } from './chart-svg.tsx';
import type { Numbers } from './numbers.ts';

/** A number of things that go from one group into another. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  /** The class of its colour. */
  readonly tone: string;
}

export interface FlowChart extends Frame {
  /** In their order from top to bottom; flows of one origin stand together. */
  readonly flows: readonly Flow[];
  /** What is counted: `row`. */
  readonly unit: string;
}

const BAR = 12;
const HEIGHT = 260;
/** Least distance of two groups at the right, for their names. */
const GAP = 20;
/** Space for the names at the left. */
const LEFT = 86;

/**
 * What becomes of each group: bands as wide as what they count.
 *
 * @throws Error if nothing is counted
 */
export function FlowChartView({ chart }: { readonly chart: FlowChart }): VNode {
  const { unit, width = WIDTH } = chart;
  const flows = chart.flows.filter(({ count }) => count > 0);
  const total = flows.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) throw new Error(`${chart.title}: there is nothing to draw`);
  const header = headerHeight(chart) + 8;
  const pixels = HEIGHT / total;
  const origins = [...new Set(flows.map(({ from }) => from))];
  const named = (flow: Flow) => `${flow.count} ${flow.to}`;
  const widest = Math.max(...flows.map(flow => widthOf(named(flow))));
  const [left, right] = [LEFT, Math.round(Math.max(LEFT + 50, Math.min(width * 0.52, width - widest - BAR - 10)))];
  let [y, z] = [header, header];
  let previous = flows[0]!.from;
  const placed = flows.map(flow => {
    // A gap between the groups at the left.
    if (flow.from !== previous) y += GAP;
    previous = flow.from;
    const height = flow.count * pixels;
    const at = { flow, height, y, z };
    y += height;
    z += Math.max(height, 4) + GAP;
    return at;
  });
  const bottom = Math.max(y, z - GAP) + 14;
  return (
    <ChartSvg frame={chart} height={bottom}>
      {origins.map(origin => {
        const own = placed.filter(({ flow }) => flow.from === origin);
        const [first, last] = [own[0]!, own.at(-1)!];
        const count = own.reduce((sum, { flow }) => sum + flow.count, 0);
        const middle = (first.y + last.y + last.height) / 2;
        const lines = wrap(origin, left - 12);
        return (
          <g class="plain">
            <rect
              class="block"
              x={left}
              y={place(first.y)}
              width={BAR}
              height={place(last.y + last.height - first.y)}
            />
            {lines.map((line, i) => (
              <text x={left - 6} y={place(middle + 16 * (i + 1 - lines.length))} text-anchor="end">
                {line}
              </text>
            ))}
            <text class="tick" x={left - 6} y={place(middle + 16)} text-anchor="end">
              {plural(count, unit)}
            </text>
          </g>
        );
      })}
      {placed.map(({ flow, height, y, z }) => {
        const [start, end] = [left + BAR, right];
        const bend = place((start + end) / 2);
        const path =
          `M${start},${place(y)}C${bend},${place(y)} ${bend},${place(z)} ${end},${place(z)}` +
          `V${place(z + height)}C${bend},${place(z + height)} ${bend},${place(y + height)} ${start},${place(y + height)}Z`;
        return (
          <g class={flow.tone} data-tip={`${flow.from}, ${flow.to}: ${plural(flow.count, unit)}`}>
            <path class="ribbon" d={path} />
            <rect class="block" x={end} y={place(z)} width={BAR} height={place(height)} />
            <text x={end + BAR + 6} y={place(z + height / 2 + 4)}>
              {named(flow)}
            </text>
          </g>
        );
      })}
    </ChartSvg>
  );
}

export function flowNumbers({ flows, unit }: FlowChart): Numbers {
  return {
    head: ['from', 'to', `${unit}s`],
    rows: flows.map(({ from, to, count }) => [from, to, String(count)]),
  };
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
