import type { VNode } from 'preact';
import { ChartSvg, type Frame, headerHeight, place, WIDTH } from './chart-svg.tsx';
import { type Numbers, numberCell, shortNumber } from './numbers.ts';

export interface HeatMap extends Frame {
  /** Axis labels: the meaning of a column and of a row. */
  readonly x: string;
  readonly y: string;
  /** Meaning of the colours. */
  readonly value: string;
  /** Cells from left to right of every row from top to bottom; null stays empty. */
  readonly rows: readonly (readonly (number | null)[])[];
  /** Names of columns and rows (default: counted from 0). */
  readonly columnNames?: readonly string[] | undefined;
  readonly rowNames?: readonly string[] | undefined;
  /** Colours from blue over the paper at zero to red, instead of paper to dark. */
  readonly diverging?: boolean | undefined;
}

const LEFT = 52;
const RIGHT = 12;
const TICKS = 16;

/**
 * A value for every row and column, as of layers and heads.
 *
 * @throws Error if there is no value, or one that is not finite
 */
export function HeatMapView({ chart }: { readonly chart: HeatMap }): VNode {
  const { x, y, value, rows, diverging = false, width = WIDTH } = chart;
  const values = rows.flat().filter(cell => cell !== null);
  if (values.length === 0) throw new Error(`${chart.title}: there is nothing to draw`);
  for (const [j, row] of rows.entries()) {
    const i = row.findIndex(cell => cell !== null && !Number.isFinite(cell));
    if (i >= 0) throw new Error(`${chart.title}: row ${j}, column ${i} is ${row[i]}`);
  }
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const far = Math.max(Math.abs(least), Math.abs(most)) || 1;
  const shade = (cell: number) =>
    diverging
      ? { tone: cell < 0 ? 's0' : 's1', opacity: Math.abs(cell) / far }
      : { tone: 's0', opacity: most === least ? 0.5 : 0.06 + (0.94 * (cell - least)) / (most - least) };
  const columns = Math.max(...rows.map(row => row.length));
  const size = Math.min((width - LEFT - RIGHT) / columns, 40);
  const height = Math.max(Math.min(size, 28), 8);
  const header = headerHeight(chart);
  const top = header + 44;
  const bottom = top + rows.length * height;
  const name = (names: readonly string[] | undefined, i: number) => names?.[i] ?? String(i);
  const every = (n: number) => (_: unknown, i: number) => i % Math.ceil(n / TICKS) === 0;
  // Digits that tell the ends of the legend apart.
  const digits = Math.min(2 + Math.max(0, Math.floor(Math.log10(far / (most - least || far)))), 6);
  const legend = [...new Set(diverging ? [-far, 0, far] : [least, (least + most) / 2, most])];
  return (
    <ChartSvg frame={chart} height={bottom + 44}>
      <text class="soft" x={8} y={header + 14}>
        {value}
      </text>
      {legend.map((cell, i) => {
        const { tone, opacity } = shade(cell);
        const at = width - RIGHT - (legend.length - i) * 74;
        return (
          <g class={tone}>
            <rect class="block" x={at} y={header + 4} width={14} height={12} fill-opacity={place(opacity)} />
            <text class="tick" x={at + 18} y={header + 14}>
              {shortNumber(Number(cell.toPrecision(digits)))}
            </text>
          </g>
        );
      })}
      <text class="soft" x={8} y={top - 8}>
        {y}
      </text>
      {rows.map((row, j) => (
        <g>
          {every(rows.length)(row, j) && (
            <text class="tick" x={LEFT - 6} y={place(top + (j + 0.5) * height + 4)} text-anchor="end">
              {name(chart.rowNames, j)}
            </text>
          )}
          {row.map((cell, i) => {
            if (cell === null) return null;
            const { tone, opacity } = shade(cell);
            return (
              <g class={tone}>
                <rect
                  class="block"
                  x={place(LEFT + i * size)}
                  y={place(top + j * height)}
                  width={place(size - 1)}
                  height={place(height - 1)}
                  fill-opacity={place(opacity)}
                  data-tip={`${y} ${name(chart.rowNames, j)}, ${x} ${name(chart.columnNames, i)}: ${shortNumber(cell)}`}
                />
              </g>
            );
          })}
        </g>
      ))}
      {Array.from({ length: columns }, (_, i) => i)
        .filter(every(columns))
        .map(i => (
          <text class="tick" x={place(LEFT + (i + 0.5) * size)} y={bottom + 16} text-anchor="middle">
            {name(chart.columnNames, i)}
          </text>
        ))}
      <text class="soft" x={place(LEFT + (columns * size) / 2)} y={bottom + 35} text-anchor="middle">
        {x}
      </text>
    </ChartSvg>
  );
}

export function heatNumbers({ x, y, rows, columnNames, rowNames }: HeatMap): Numbers {
  const columns = Math.max(...rows.map(row => row.length));
  return {
    head: [`${y} \\ ${x}`, ...Array.from({ length: columns }, (_, i) => columnNames?.[i] ?? String(i))],
    rows: rows.map((row, j) => [rowNames?.[j] ?? String(j), ...row.map(cell => numberCell(cell))]),
  };
}
