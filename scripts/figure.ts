/**
 * Draws the figure of the README from a run folder: SimAOU, SimAM and Kendall by layer, each with
 * its baseline.
 *
 *     npm run figure -- RUN_FOLDER docs/figures/main-job.svg
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lineChart } from '../src/report/line-chart.ts';

interface PerLayer {
  readonly perLayer: readonly (number | null)[];
}
interface Result {
  readonly model: { readonly name: string };
  readonly task: { readonly name: string; readonly shots: number; readonly examples: number };
  readonly simAOU: PerLayer & { readonly random: PerLayer };
  readonly simAM: PerLayer & { readonly zeroShot: PerLayer };
  readonly kendall: PerLayer & { readonly random: PerLayer };
}

const [folder, file] = process.argv.slice(2);
if (folder === undefined || file === undefined) throw new Error('usage: npm run figure -- RUN_FOLDER FILE.svg');
const result: Result = JSON.parse(await readFile(join(folder, 'result.json'), 'utf8'));

const measured = { name: 'in-context against finetuned', color: '#c0392b' };
const baseline = { name: 'baseline', color: '#7f8c8d' };
const series = (facet: string, of: typeof measured, { perLayer }: PerLayer) => ({
  facet,
  ...of,
  points: perLayer.map((y, x) => ({ x, y })),
});
const { simAOU, simAM, kendall } = result;
await writeFile(
  file,
  lineChart({
    width: 860,
    height: 260,
    x: 'layer',
    y: 'mean over examples',
    baseline: 0,
    series: [
      series('SimAOU', measured, simAOU),
      series('SimAM', measured, simAM),
      series('Kendall', measured, kendall),
      series('SimAOU', baseline, simAOU.random),
      series('SimAM', baseline, simAM.zeroShot),
      series('Kendall', baseline, kendall.random),
    ],
  }),
);
