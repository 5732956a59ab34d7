import { heatMap, intervalChart, lineChart } from '../charts.ts';
import { type EvidenceChart, evidenceCharts } from './evidence-charts.ts';
import type { EvidenceStudy } from './evidence-result.ts';

/** Every figure of a study as an SVG file: `sst2-ladder.svg`. */
export function evidenceFigures({ tasks }: Pick<EvidenceStudy, 'tasks'>): readonly {
  readonly file: string;
  readonly svg: string;
}[] {
  return tasks.flatMap(task =>
    evidenceCharts(task).map(each => ({ file: `${task.name}-${each.name}.svg`, svg: draw(each) })),
  );
}

function draw(each: EvidenceChart): string {
  switch (each.kind) {
    case 'interval':
      return intervalChart(each.chart);
    case 'line':
      return lineChart(each.chart);
    case 'heat':
      return heatMap(each.chart);
  }
}
