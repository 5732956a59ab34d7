/** @file Reports of folders of every kind, in a browser and without JavaScript. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFolder } from '../../src/explore/folders.ts';
import { type FolderKind, folderKinds } from '../../src/report/folder-data.ts';
import { reportPage } from '../../src/report/page/report-page.tsx';
import { hasBrowser } from '../devices/devices.ts';
import { launchBrowser } from '../explore/browser.ts';

const project = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const EARLIER = project('test/fixtures/earlier-folders');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Promised for the standard study. */
const EVIDENCE_BYTES = 15e6;

/** A4 at 96 dots an inch, less margins of a centimetre. */
const PAPER = { width: 718, height: 1047 };

const root = mkdtempSync(join(tmpdir(), 'dualform-report-kinds-'));
/** A folder of each kind, and what its view has at least. */
const kinds: Readonly<
  Record<FolderKind, { readonly folder: string; readonly figures: number; readonly says: string }>
> = {
  run: { folder: join(EARLIER, 'run'), figures: 6, says: 'demonstrations in context the model gets' },
  table: { folder: join(root, 'table'), figures: 4, says: 'Accuracy of each run' },
  tune: { folder: join(root, 'tune'), figures: 2, says: 'chooses seed 5 and the learning rate 0.001' },
  evidence: {
    folder: project('docs/evidence/standard'),
    figures: 20,
    says: 'Verdicts with 95 % intervals; p is adjusted',
  },
  momentum: { folder: join(EARLIER, 'momentum'), figures: 2, says: 'difference to plain attention' },
  theory: { folder: join(root, 'theory'), figures: 2, says: 'checks hold' },
  train: { folder: join(root, 'train'), figures: 1, says: 'every token alike' },
  sweep: { folder: join(root, 'sweep'), figures: 4, says: '2 cells of run are there' },
};

const CHAPTER = {
  schema: 'dualform.theory-chapter/1',
  chapter: '1',
  title: 'a layer that learns is attention',
  checks: [{ claim: 'trained layer = linear attention', error: 1e-15, tolerance: 1e-10, passed: true }],
  findings: [{ what: 'rank', value: null, why: 'there is no head' }],
  tables: [
    {
      title: 'By layer',
      columns: ['layer', 'rank'],
      rows: [
        [0, 1.5],
        [1, null],
      ],
    },
  ],
  figure: {
    title: 'A layer while it learns',
    x: 'past inputs',
    y: 'output',
    panels: ['gradient descent', 'with momentum'].map(name => ({
      name,
      baseline: { value: 1, name: 'the teacher' },
      series: [{ name: 'trained', points: [0, 1, 2].map(x => ({ x, y: x / 2 })) }],
    })),
  },
};

const pages = new Map<FolderKind, string>();
beforeAll(async () => {
  for (const name of ['first', 'second']) cpSync(kinds.run.folder, join(root, 'table', name), { recursive: true });
  mkdirSync(kinds.tune.folder);
  cpSync(project('docs/tuning/sst2.json'), join(kinds.tune.folder, 'result.json'));
  mkdirSync(kinds.sweep.folder);
  writeFileSync(join(kinds.sweep.folder, 'sweep.json'), JSON.stringify({ command: 'run', base: {}, grid: {} }));
  const result = JSON.parse(
    readFileSync(join(kinds.run.folder, 'result.json'), 'utf8').replaceAll('"width"', '"hiddenSize"'),
  );
  const cells = [1, 2].map(seed => ({ cell: `cell-${seed}`, options: { seed }, status: 'done', result }));
  writeFileSync(join(kinds.sweep.folder, 'cells.jsonl'), cells.map(cell => `${JSON.stringify(cell)}\n`).join(''));
  cpSync(join(EARLIER, 'train'), kinds.train.folder, { recursive: true });
  writeFileSync(
    join(kinds.train.folder, 'train.jsonl'),
    [1, 2, 3].map(step => `{"step":${step},"loss":${4 - step}}\n`).join(''),
  );
  mkdirSync(kinds.theory.folder);
  writeFileSync(join(kinds.theory.folder, 'plan.json'), JSON.stringify({ schema: 'dualform.theory-plan/2' }));
  writeFileSync(join(kinds.theory.folder, 'chapter-1.json'), JSON.stringify(CHAPTER));
  for (const kind of folderKinds) pages.set(kind, await reportPage([await readFolder(kinds[kind].folder)]));
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(folderKinds)('a folder of %s', kind => {
  test('has figures with titles and numbers, and words', () => {
    const page = pages.get(kind)!;
    const figures = page.split('<figure>').slice(1);
    expect(figures.length).toBeGreaterThanOrEqual(kinds[kind].figures);
    for (const figure of figures) expect(figure).toMatch(/<title>[^<]+<\/title>[\s\S]*<table>/);
    expect(page).toContain(kinds[kind].says);
    expect(page.slice(0, page.indexOf('<script'))).not.toMatch(/NaN|\[object/);
  });
});

test('the report of the standard study is as small as promised', () => {
  expect(Buffer.byteLength(pages.get('evidence')!)).toBeLessThan(EVIDENCE_BYTES);
});

test('several in one file', async () => {
  const page = await reportPage(await Promise.all(folderKinds.map(kind => readFolder(kinds[kind].folder))));
  expect(page.match(/<h2>/g)).toHaveLength(folderKinds.length);
});

describe.skipIf(!hasBrowser())('in a browser, from disk', () => {
  let browser: Browser;
  let phone: Page;
  let paper: Page;
  let withoutScripts: Page;
  beforeAll(async () => {
    browser = await launchBrowser();
    const opened = async (options: BrowserContextOptions) => (await browser.newContext(options)).newPage();
    phone = await opened({ colorScheme: 'dark', viewport: { width: 360, height: 700 } });
    paper = await opened({ viewport: PAPER });
    await paper.emulateMedia({ media: 'print' });
    withoutScripts = await opened({ javaScriptEnabled: false, colorScheme: 'light' });
  });
  afterAll(() => browser?.close());

  async function open(page: Page, kind: FolderKind) {
    const file = join(root, `${kind}.html`);
    writeFileSync(file, pages.get(kind)!);
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  // Of a run: in report.test.ts.
  const others = folderKinds.filter(kind => kind !== 'run');

  test.each(others)(
    'axe finds nothing wrong in a report of %s, dark and at phone width',
    async kind => {
      const page = await open(phone, kind);
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
      await page.evaluate(AXE);
      const found = await page.evaluate(
        '(async () => (await axe.run()).violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html)]))()',
      );
      expect(found).toEqual([]);
    },
    180_000,
  );

  test.each(folderKinds)('a report of %s fits the width of a printed page, and its figures the height', async kind => {
    const page = await open(paper, kind);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PAPER.width);
    const heights = await page.evaluate<number[]>(
      `[...document.querySelectorAll('svg.chart')].map(chart => chart.getBoundingClientRect().height)`,
    );
    expect(Math.max(...heights)).toBeLessThanOrEqual(PAPER.height);
    // A head with a box in it does not repeat on the next page.
    const displays = await page.evaluate<string[]>(
      `[...document.querySelectorAll('thead button')].map(button => getComputedStyle(button).display)`,
    );
    expect(displays.filter(display => display !== 'contents')).toEqual([]);
  });

  test.each(folderKinds)('a report of %s works without JavaScript', async kind => {
    const page = await open(withoutScripts, kind);
    expect(await page.locator('svg.chart').first().isVisible()).toBe(true);
    expect(await page.getByRole('button').count()).toBe(0);
    await page.locator('figure summary').first().click();
    expect(await page.locator('figure details[open] table').first().isVisible()).toBe(true);
  });
});
