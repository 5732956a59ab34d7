/**
 * Measures time and memory of the embedded model in a browser (Chromium, WebAssembly): a prefix,
 * queries with all taps, and steps of finetuning.
 *
 *     npm run bench:web -- [--threads 2]
 *
 * Memory is that of the page's process, which holds its workers. Linux only.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EMBEDDED_MODELS, locateEmbedded } from '../../src/checkpoint/models.ts';
import { browserFile, openBrowser } from '../../test/devices/browser.ts';
import { peakOfPage } from '../page-memory.ts';
import { reportTable } from '../report-table.ts';
import type { Timed, Work } from './page.ts';

const { values: options } = parseArgs({ options: { threads: { type: 'string', default: '2' } } });

if (browserFile() === undefined) throw new Error('no Chromium was found; set CHROMIUM to its file');
const work: Work = { prefix: 600, queries: 8, query: 12, steps: 4, step: 40, threads: Number(options.threads) };
const browser = await openBrowser({ bench: 'bench/web/page.ts' });
browser.serve('/model.gguf', new Uint8Array(readFileSync(locateEmbedded(EMBEDDED_MODELS[0]!).file)));
const call = `import('/bench.js').then(bench => bench.work('/model.gguf', ${JSON.stringify(work)}))`;
const timed = await browser.page.evaluate<readonly Timed[]>(call);
const peak = peakOfPage(browser.profile);
await browser.close();

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
reportTable({
  conditions: `SmolLM2-135M-Instruct in Chromium, WebAssembly with ${work.threads} threads: a prefix of ${work.prefix} tokens, ${work.queries} queries of ${work.query} tokens with all taps, ${work.steps} steps of ${work.step} tokens, twice. Peak memory of the page with its workers: ${gigabytes(peak)}.`,
  head: ['stage', 'seconds', 'memory of WebAssembly'],
  rows: timed.map(({ stage, seconds, wasmBytes }) => [stage, seconds.toFixed(2), gigabytes(wasmBytes)]),
});
