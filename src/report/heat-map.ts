import * as Plot from '@observablehq/plot';
import type { Frame } from './frame.ts';
import { drawChart } from './svg.ts';

export interface HeatMap extends Frame {
  /** Axis labels: the meaning of a column and of a row. */
  readonly x: string;
  readonly y: string;
  /** Meaning of the colours. */
  readonly value: string;
  /** Cells from left to right of every row from top to bottom; null stays white. */
  readonly rows: readonly (readonly (number | null)[])[];
  /** Colours from blue over white at zero to red, instead of light to dark. */
  readonly diverging?: boolean | undefined;
}

/**
 * Draws a value for every row and column, as of layers and heads, as the text of an SVG file. Rows
 * and columns are counted from 0.
 *
 * @throws Error if there is no value, or one that is not finite
 */
export function heatMap(options: HeatMap): string {
  const { x, y, value, rows, diverging = false } = options;
  const cells = rows.flatMap((row, j) => row.flatMap((cell, i) => (cell === null ? [] : [{ i, j, cell }])));
  if (cells.length === 0) throw new Error('heatMap: there is nothing to draw');
  const foreign = cells.find(({ cell }) => !Number.isFinite(cell));
  if (foreign) throw new Error(`heatMap: row ${foreign.j}, column ${foreign.i} is ${foreign.cell}`);
  const values = cells.map(({ cell }) => cell);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const far = Math.max(Math.abs(least), Math.abs(most));
  const domain = diverging ? [-far, far] : [least, most];
  const color = Plot.scale({
    color: diverging
      ? { type: 'diverging', scheme: 'RdBu', reverse: true, domain }
      : { type: 'linear', scheme: 'blues', domain },
  });
  const shades = [domain[0]!, (domain[0]! + domain[1]!) / 2, domain[1]!];
  const legend = [...new Set(shades)].map((shade, i) => ({
    name: `${i === 0 ? `${value}: ` : ''}${Number(shade.toPrecision(3))}`,
    color: String(color.apply(shade)),
    block: true,
  }));
  const columns = Math.max(...rows.map(row => row.length));
  return drawChart(options, legend, {
    marginLeft: 48,
    marginRight: 20,
    marginBottom: 38,
    x: {
      label: x,
      type: 'band',
      domain: count(columns),
      padding: 0.04,
      labelAnchor: 'center',
      labelArrow: 'none',
      ...everyFew(columns),
    },
    y: {
      label: y,
      type: 'band',
      domain: count(rows.length),
      padding: 0.04,
      labelAnchor: 'center',
      labelArrow: 'none',
      ...everyFew(rows.length),
    },
    marks: [Plot.cell(cells, { x: 'i', y: 'j', fill: ({ cell }: { readonly cell: number }) => color.apply(cell) })],
  });
}

function count(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** Labels at no more than 16 cells. */
function everyFew(n: number) {
  return { ticks: count(n).filter(i => i % Math.ceil(n / 16) === 0) };
}
