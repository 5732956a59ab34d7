/**
 * Draws the figures of README and docs from a folder that run, train, momentum or theory has left,
 * as far as the folder has them. Tables and texts stay.
 *
 *     npm run figure -- FOLDER
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { readFolder } from '../src/explore/folders.ts';
import type { LineChart } from '../src/report/chart/line-chart.tsx';
import { lineChart } from '../src/report/charts.ts';
import type { FolderData } from '../src/report/folder-data.ts';
import { momentumCharts } from '../src/report/momentum/momentum-charts.ts';
import { momentumStudy } from '../src/report/momentum/momentum-result.ts';
import { theoryResult } from '../src/report/other/theory-view.tsx';
import { lossesChart, trainResult } from '../src/report/other/train-view.tsx';
import { readResult } from '../src/report/read-result.ts';
import { similarityChart } from '../src/report/run/run-charts.ts';
import { readRun } from '../src/report/run/run-data.ts';
import type { TrainingPlan } from '../src/train/plan.ts';

const docs = new URL('../docs/', import.meta.url);

/** Charts by the names of their files. */
function chartsOf(data: FolderData): Readonly<Record<string, LineChart>> {
  switch (data.kind) {
    case 'run':
      return { 'main-job.svg': similarityChart(readRun(data)) };
    case 'train': {
      const { corpus, steps } = readResult(data, trainResult);
      const { vocabulary } = (data.plan as TrainingPlan).model;
      return { 'training-losses.svg': lossesChart(data.losses ?? [], { corpus: corpus.name, steps, vocabulary }) };
    }
    case 'momentum': {
      const page = readFileSync(new URL('momentum.md', docs), 'utf8');
      const named = momentumCharts(readResult(data, momentumStudy)).map(
        ({ file, chart }) => [`momentum-tiny-${file}`, chart] as const,
      );
      return Object.fromEntries(named.filter(([file]) => page.includes(file)));
    }
    case 'theory': {
      const { chapters } = readResult(data, theoryResult);
      return Object.fromEntries(
        chapters.flatMap(({ chapter, figure }) => (figure == null ? [] : [[`theory-${chapter}.svg`, figure]])),
      );
    }
    default:
      throw new Error(`a folder of ${data.kind} has no figure in docs/figures`);
  }
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: npm run figure -- FOLDER');
for (const [file, chart] of Object.entries(chartsOf(await readFolder(folder)))) {
  await writeFile(new URL(`figures/${file}`, docs), lineChart(chart));
  console.log(`docs/figures/${file}`);
}
