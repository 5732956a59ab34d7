export type { Flow, FlowChart } from './chart/flow-chart.tsx';
export type { HeatMap } from './chart/heat-map.tsx';
export type { IntervalChart, IntervalRow } from './chart/interval-chart.tsx';
export type { LineChart, Panel, Point, Series } from './chart/line-chart.tsx';
export { flowChart, heatMap, intervalChart, lineChart } from './charts.ts';
export { evidenceFigures } from './evidence/evidence-figures.ts';
export { type FolderData, type FolderKind, folderKinds } from './folder-data.ts';
export { type FolderShown, showFolder } from './folder-view.tsx';
export { reportPage } from './page/report-page.tsx';
