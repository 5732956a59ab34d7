export { type HeatMap, heatMap } from './heat-map.ts';
export { type LineChart, lineChart, type Point, type Series } from './line-chart.ts';
