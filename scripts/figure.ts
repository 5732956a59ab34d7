/**
 * Draws the figure of the README from a run folder: SimAOU, SimAM and Kendall layer by layer, each beside its baseline.
 *
 *     npm run figure -- RUN_FOLDER docs/figures/main-job.svg
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

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

const series = (metric: string, of: string, { perLayer }: PerLayer) =>
  perLayer.flatMap((value, layer) => (value === null ? [] : [{ metric, of, layer, value }]));
const measured = 'in-context against finetuned';
const baseline = 'baseline';
const points = [
  ...series('SimAOU', measured, result.simAOU),
  ...series('SimAOU', baseline, result.simAOU.random),
  ...series('SimAM', measured, result.simAM),
  ...series('SimAM', baseline, result.simAM.zeroShot),
  ...series('Kendall', measured, result.kendall),
  ...series('Kendall', baseline, result.kendall.random),
];

const { document } = parseHTML('<html><body></body></html>');
const chart = Plot.plot({
  document,
  width: 860,
  height: 260,
  marginLeft: 44,
  style: { fontFamily: 'system-ui, sans-serif', background: 'white', color: '#222' },
  fx: { domain: ['SimAOU', 'SimAM', 'Kendall'], label: null, padding: 0.12 },
  x: { label: 'layer', ticks: 6 },
  y: { label: 'mean over examples', grid: true },
  color: { domain: [measured, baseline], range: ['#c0392b', '#7f8c8d'] },
  marks: [
    Plot.ruleY([0], { stroke: '#bbb' }),
    Plot.lineY(points, { fx: 'metric', x: 'layer', y: 'value', stroke: 'of', strokeWidth: 1.8 }),
    Plot.dot(points, { fx: 'metric', x: 'layer', y: 'value', fill: 'of', r: 1.8 }),
  ],
});
chart.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
// Numbers rounded to a hundredth: the picture is the same, the file changes only when the run does.
const svg = String(chart.outerHTML).replace(/-?\d+\.\d{3,}/g, number => String(Math.round(Number(number) * 100) / 100));
await writeFile(file, `${svg}\n`);
