/**
 * Measures what the explorer promises, with the embedded model in Chromium (WebAssembly, 2 threads)
 * and, for a step of finetuning, in Node in turns with it. Needs a build. Linux only.
 *
 *     npm run bench:explorer -- RUN_FOLDER [--write]
 *
 * RUN_FOLDER is that of the main job; Live is measured in an explorer of that folder alone. `--write`
 * puts the table into docs/explorer.md.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { explore } from '../../src/explore/explore.ts';
import { browserFile } from '../../test/devices/browser.ts';
import { peakOfPage } from '../page-memory.ts';
import { reportTable } from '../report-table.ts';
import { reportTimes } from '../report-times.ts';
import { nodeLab } from './node-lab.ts';
import { type Answered, compute, firstNote, openLive, revisitLive } from './page.ts';

const THREADS = 2;
const FOLDERS = 200;
/** Each changes the learning rate, so that all steps are taken again. */
const RATES = [0.0011, 0.0012, 0.0013];
const QUERIES = [
  'Review: a film without any charm at all\nLabel:',
  'Review: it is great to see such a fine actor\nLabel:',
  'Review: two hours of a joke that was not funny\nLabel:',
];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
const [runFolder] = positionals;
if (runFolder === undefined) throw new Error('usage: npm run bench:explorer -- RUN_FOLDER [--write]');
if (browserFile() === undefined) throw new Error('no Chromium was found; set CHROMIUM to its file');

const scratch = mkdtempSync(join(tmpdir(), 'dualform-bench-explorer-'));
const folders = join(scratch, 'runs');
for (let i = 0; i < FOLDERS; i++) cpSync(runFolder, join(folders, `run-${i}`), { recursive: true });
const live = await explore({ folders: [runFolder], threads: THREADS });
const many = await explore({ folders: [folders], threads: THREADS });
const profile = join(scratch, 'profile');

let version = '';
async function visit<T>(use: (page: Page) => Promise<T>): Promise<T> {
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: browserFile()!,
    args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
  version = context.browser()?.version() ?? version;
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(300_000);
    return await use(page);
  } finally {
    await context.close();
  }
}

const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const seconds = (milliseconds: number) => milliseconds / 1000;
const MODEL_IS_THERE = /^Computing: (zero-shot|in-context)/;
const wholeTime = (answered: Answered) => seconds(firstNote(answered, /^Computed in/) - answered.clicked);

/** Seconds of a step: Status says when each ends. */
function stepSeconds({ notes }: Answered): number {
  const steps = notes.filter(({ text }) => /^Computing: finetuning \(/.test(text));
  return seconds(steps.at(-1)!.at - steps[0]!.at) / (steps.length - 1);
}

interface Promised {
  readonly what: string;
  readonly most: readonly [value: number, unit: string];
  readonly measured: number;
  readonly also?: string;
}

try {
  const first = await visit(async page => {
    await openLive(page, live.address);
    const answered = await compute(page);
    const queries: Answered[] = [];
    for (const query of QUERIES) {
      await page.getByRole('textbox', { name: 'Query' }).fill(query);
      queries.push(await compute(page));
    }
    const lab = await nodeLab(THREADS);
    const steps: { page: number; node: number }[] = [];
    for (const rate of RATES) {
      const node = await lab.stepSeconds(rate);
      await page.getByRole('spinbutton', { name: 'Learning rate' }).fill(String(rate));
      steps.push({ page: stepSeconds(await compute(page)), node });
    }
    await lab.close();
    return { answered, queries, steps, peak: peakOfPage(profile) };
  });
  const again: { readonly ready: number; readonly answered: Answered }[] = [];
  for (let i = 0; i < 3; i++) {
    again.push(
      await visit(async page => ({
        ready: await revisitLive(page, live.address),
        answered: await compute(page),
      })),
    );
  }
  const runsPage = await visit(async page => {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      // Another address each time, so that the page is loaded anew.
      await page.goto(many.address.replace('#', `?${i}#`));
      await page.getByRole('table', { name: `${FOLDERS} of ${FOLDERS} runs` }).waitFor();
      times.push(await page.evaluate<number>('performance.now()'));
    }
    return seconds(middle(times));
  });
  const report = reportTimes(runFolder, 5);

  const { answered, queries, steps } = first;
  const there = firstNote(answered, MODEL_IS_THERE);
  const promises: readonly Promised[] = [
    {
      what: 'first answer with 8 demonstrations, after the model is there',
      most: [10, 's'],
      measured: seconds(firstNote(answered, /^Computed in/) - there),
      also: `label probabilities after ${seconds(answered.probabilities - there).toFixed(2)} s`,
    },
    { what: 'answer to a changed query', most: [1.5, 's'], measured: middle(queries.map(wholeTime)) },
    {
      what: 'a step of finetuning, as a multiple of the same in Node',
      most: [3, 'x'],
      measured: middle(steps.map(({ page, node }) => page / node)),
      also: `${middle(steps.map(({ page }) => page)).toFixed(2)} s`,
    },
    { what: 'memory of the tab at its peak', most: [2, 'GB'], measured: first.peak / 1e9 },
    {
      what: 'second visit, from the address to a model that is ready',
      most: [5, 's'],
      measured: seconds(middle(again.map(({ ready }) => ready))),
    },
    {
      what: 'longest task of the page while Live computes',
      most: [0.1, 's'],
      measured: seconds(
        Math.max(...[answered, ...queries, ...again.map(each => each.answered)].map(each => each.longestTask)),
      ),
    },
    { what: `page Runs with ${FOLDERS} folders`, most: [1, 's'], measured: runsPage },
    { what: 'report of the main job', most: [1, 's'], measured: middle(report.seconds) },
  ];
  reportTable(
    {
      conditions: `SmolLM2-135M-Instruct in Chromium ${version}, WebAssembly with ${THREADS} threads, on ${cpus()[0]!.model} with ${availableParallelism()} processors, Node ${process.versions.node}.`,
      head: ['what', 'at most', 'measured'],
      rows: promises.map(({ what, most: [most, unit], measured, also }) => [
        what,
        `${most} ${unit}`,
        `${measured.toFixed(2)} ${unit}${also === undefined ? '' : ` (${also})`}`,
      ]),
    },
    options.write ? { page: 'explorer.md', name: 'speed' } : undefined,
  );
  const broken = promises.filter(({ most: [most], measured }) => measured > most);
  if (broken.length > 0) console.log(`not kept: ${broken.map(({ what }) => what).join('; ')}`);
} finally {
  await live.close();
  await many.close();
  rmSync(scratch, { recursive: true, force: true });
}
