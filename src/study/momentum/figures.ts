import { lineChart } from '../../report/charts.ts';
import { momentumCharts } from '../../report/momentum/momentum-charts.ts';
import type { MomentumResult } from './result.ts';

/** A figure of a study as the text of an SVG file. */
export interface Figure {
  readonly file: string;
  readonly svg: string;
}

/** All curves of the study, and perplexities and training losses by eta. */
export function drawFigures(result: MomentumResult): readonly Figure[] {
  return momentumCharts(result).map(({ file, chart }) => ({ file, svg: lineChart(chart) }));
}
