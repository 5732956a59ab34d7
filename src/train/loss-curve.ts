import { lineChart } from '../report/charts.ts';
import type { LogRow } from './training-log.ts';

/** Largest number of points of a curve; more are averaged with their neighbours. */
const POINTS = 300;

/** The losses of training and validation over the steps, as the text of an SVG file. */
export function lossCurve(rows: readonly LogRow[], title: string): string {
  const training = rows.flatMap(row => ('loss' in row ? [{ x: row.step, y: row.loss }] : []));
  const validation = rows.flatMap(row => ('validationLoss' in row ? [{ x: row.step, y: row.validationLoss }] : []));
  return lineChart({
    title,
    x: 'step',
    y: 'loss (nats a token)',
    panels: [
      {
        series: [
          { name: 'training', points: thinned(training) },
          { name: 'validation', points: validation },
        ],
      },
    ],
  });
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function thinned(points: readonly Point[]): readonly Point[] {
  const size = Math.ceil(points.length / POINTS);
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const group = points.slice(i * size, (i + 1) * size);
    return { x: mean(group.map(({ x }) => x)), y: mean(group.map(({ y }) => y)) };
  });
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}
