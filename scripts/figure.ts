/**
 * Draws the figure of the README from a run folder: SimAOU, SimAM and Kendall by layer, each with
 * its baseline.
 *
 *     npm run figure -- RUN_FOLDER docs/figures/main-job.svg
 */
import { writeFile } from 'node:fs/promises';
import { readFolder } from '../src/explore/folders.ts';
import { lineChart } from '../src/report/charts.ts';
import { similarityChart } from '../src/report/run/run-charts.ts';
import { readRun } from '../src/report/run/run-data.ts';

const [folder, file] = process.argv.slice(2);
if (folder === undefined || file === undefined) throw new Error('usage: npm run figure -- RUN_FOLDER FILE.svg');
await writeFile(file, lineChart(similarityChart(readRun(await readFolder(folder)))));
