import { lineChart } from '../report/charts.ts';
import { lossesChart } from '../report/other/train-view.tsx';
import type { TrainingPlan } from './plan.ts';
import type { LogRow } from './training-log.ts';

/** The losses of training and validation over the steps, as the text of an SVG file. */
export function lossCurve(rows: readonly LogRow[], { corpus, steps, model }: TrainingPlan): string {
  return lineChart(lossesChart(rows, { corpus: corpus.name, steps, vocabulary: model.vocabulary }));
}
