/** @file Charts as the text of SVG files. */
import { type FlowChart, FlowChartView } from './chart/flow-chart.tsx';
import { type HeatMap, HeatMapView } from './chart/heat-map.tsx';
import { type IntervalChart, IntervalChartView } from './chart/interval-chart.tsx';
import { type LineChart, LineChartView } from './chart/line-chart.tsx';
import { svgFile } from './chart/svg-file.ts';

/** @throws Error if there is nothing to draw, or a number that cannot be drawn */
export function lineChart(chart: LineChart): string {
  return svgFile(LineChartView({ chart }));
}

/** @throws Error if there is no value, or one that is not finite */
export function heatMap(chart: HeatMap): string {
  return svgFile(HeatMapView({ chart }));
}

/** @throws Error if there is no row */
export function intervalChart(chart: IntervalChart): string {
  return svgFile(IntervalChartView({ chart }));
}

/** @throws Error if nothing is counted */
export function flowChart(chart: FlowChart): string {
  return svgFile(FlowChartView({ chart }));
}
