import type { Point } from '../../../../src/report/chart/line-chart.tsx';

/** Points at `first`, `first` + 1, ...; a null leaves a gap. */
export function pointsFrom(first: number, values: readonly (number | null)[]): readonly Point[] {
  return values.map((y, i) => ({ x: first + i, y }));
}
