/**
 * @file The common part of all charts: the document, the frame with title and legend, and the
 * output as text.
 */
import type { PlotOptions } from '@observablehq/plot';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Frame } from './frame.ts';

/** Distinct for colour-blind readers (Okabe and Ito); black is for axes and text. */
const DISTINCT = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f', '#8c564b'];
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const INK = '#222';
/** Average width of a letter at 11 px, for the layout of the legend. */
const LETTER = 6.2;
const TITLE_HEIGHT = 24;
const LEGEND_ROW = 18;
const LEGEND_MARK = 22;
const LEGEND_GAP = 18;
const EDGE = 14;

/** A name in the legend. */
export interface LegendEntry {
  readonly name: string;
  readonly color: string;
  readonly dashed?: boolean | undefined;
  /** A block of the colour instead of a line. */
  readonly block?: boolean | undefined;
}

/**
 * `count` distinct colours, or `ordered` ones from dark to light, for series that vary one
 * quantity.
 */
export function seriesColors(count: number, ordered: boolean): readonly string[] {
  if (!ordered) return Array.from({ length: count }, (_, i) => DISTINCT[i % DISTINCT.length]!);
  // The lightest tenth of the scheme has too little contrast with white.
  const scale = Plot.scale({ color: { type: 'linear', scheme: 'viridis', domain: [0, 1.1] } });
  return Array.from({ length: count }, (_, i) => String(scale.apply(count === 1 ? 0 : i / (count - 1))));
}

/**
 * The chart as the text of an SVG file. The same options give the same text: numbers are rounded to
 * a hundredth of a pixel, and nothing is random.
 */
export function drawChart(
  frame: Frame,
  legend: readonly LegendEntry[],
  plot: PlotOptions & { readonly fx?: unknown },
): string {
  const { title, width = 720, height = 320 } = frame;
  const rows = legendRows(legend, width);
  const header = (title === undefined ? 8 : TITLE_HEIGHT + 4) + rows.length * LEGEND_ROW;
  const { document } = parseHTML('<html><body></body></html>');
  const chart = Plot.plot({
    ...plot,
    document,
    width,
    height,
    marginTop: header + (plot.fx === undefined ? 10 : 28),
    style: { fontFamily: FONT, fontSize: '11px', background: 'white', color: INK },
  });
  chart.setAttribute('xmlns', SVG);
  // Plot sets the background only in the style, which some SVG viewers ignore.
  const add = (name: string, attributes: Record<string, string | number>, text?: string) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const style = chart.querySelector('style');
  style?.after(add('rect', { width, height, fill: 'white' }));
  if (title !== undefined) {
    chart.append(add('text', { x: EDGE, y: 20, 'text-anchor': 'start', 'font-size': 14, 'font-weight': 600 }, title));
  }
  for (const [row, entries] of rows.entries()) {
    const y = (title === undefined ? 12 : TITLE_HEIGHT + 12) + row * LEGEND_ROW;
    for (const { name, color, dashed, block, x } of entries) {
      const stroke = {
        stroke: color,
        'stroke-width': block ? 10 : 2.5,
        ...(dashed ? { 'stroke-dasharray': '5,3' } : {}),
      };
      chart.append(add('line', { x1: x, x2: x + LEGEND_MARK - 6, y1: y, y2: y, ...stroke }));
      chart.append(add('text', { x: x + LEGEND_MARK, y: y + 4, 'text-anchor': 'start' }, name));
    }
  }
  roundPlaces(chart);
  return `${chart.outerHTML}\n`;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Entries from left to right, wrapped to the width of the chart. */
function legendRows(legend: readonly LegendEntry[], width: number): (LegendEntry & { readonly x: number })[][] {
  const rows: (LegendEntry & { readonly x: number })[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const entry of legend) {
    const needed = LEGEND_MARK + entry.name.length * LETTER;
    if (x + needed > width - EDGE) {
      rows.push([]);
      x = EDGE;
    }
    rows.at(-1)!.push({ ...entry, x });
    x += needed + LEGEND_GAP;
  }
  return rows;
}

/** Rounds coordinates, not text: the label of a tick may be 0.0005. */
function roundPlaces(chart: ReturnType<typeof Plot.plot>): void {
  const places = ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'width', 'height', 'points'];
  for (const element of chart.querySelectorAll('*')) {
    for (const name of places) {
      const value = element.getAttribute(name);
      if (value !== null) element.setAttribute(name, value.replaceAll(/-?\d+\.\d{3,}(?:e-\d+)?/g, hundredth));
    }
  }
}

function hundredth(number: string): string {
  return String(Math.round(Number(number) * 100) / 100 || 0);
}
