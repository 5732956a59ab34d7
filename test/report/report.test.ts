import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFolder } from '../../src/explore/folders.ts';
import { withTexts } from '../../src/explore/token-texts.ts';
import type { FolderData } from '../../src/report/folder-data.ts';
import { reportPage } from '../../src/report/page/report-page.tsx';
import { runExperiment } from '../../src/run/run.ts';
import { hasBrowser } from '../devices/devices.ts';
import { launchBrowser } from '../explore/browser.ts';
import { scratch, TINY_MODEL, tinyRun } from '../run/tiny.ts';

const EARLIER = new URL('../fixtures/earlier-folders/', import.meta.url);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'dualform-report-'));
let run: FolderData;
beforeAll(async () => {
  await runExperiment({ ...tinyRun, shots: 4, seed: 1, out: folder });
  run = await withTexts(await readFolder(folder), { model: TINY_MODEL });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function dataIn(page: string): { readonly schema: string; readonly folders: readonly FolderData[] } {
  return JSON.parse(/<script type="application\/json" id="dualform-data">([\s\S]*?)<\/script>/.exec(page)![1]!);
}

describe('the file', () => {
  test('shows a run: findings, figures with titles and numbers, rows, prompts, the command', async () => {
    const page = await reportPage([run]);
    expect(page).toMatch(/<title>letters with tiny-model – dualform<\/title>/);
    expect(page).toContain('With 4 demonstrations in context the model gets');
    const figures = page.split('<figure>').slice(1);
    expect(figures.length).toBeGreaterThanOrEqual(5);
    for (const figure of figures)
      expect(figure).toMatch(/<svg[^>]*role="img"[^>]*><title>[^<]+<\/title>[\s\S]*<table>/);
    expect(page).toContain('dualform run --task letters --model tiny-model --shots 4 --seed 1 --learning-rate 0.1');
    expect(page).toContain('in-context: ');
    expect(page).toMatch(/<span data-tip="token \d+">/);

    const { schema, folders } = dataIn(page);
    expect(schema).toBe('dualform.report/1');
    expect(folders[0]).toMatchObject({ kind: 'run', result: run.result, examples: run.examples, tokens: run.tokens });
  });

  test('holds its texts: those of the ids that were fed, by the tokenizer of the run', () => {
    const { texts, tokens } = run;
    if (texts?.from == null) throw new Error('no texts');
    expect(texts.from).toBe('tokens.jsonl, decoded by the tokenizer of tiny-model');
    const rows = readFileSync(tinyRun.task, 'utf8').split('\n').filter(Boolean);
    const prompts = rows.map(line => JSON.parse(line).text as string);
    for (const [i, { kind }] of tokens!.entries()) {
      const text = texts.sequences[i]!;
      if (kind === 'query')
        expect(
          prompts.some(prompt => text.includes(prompt)),
          text,
        ).toBe(true);
    }
  });

  test('ids stand for texts without the tokenizer of the run, and the page says why', async () => {
    const earlier = await readFolder(new URL('run', EARLIER).pathname);
    const page = await reportPage([await withTexts(earlier)]);
    expect(page).toContain(
      'since the model tiny-model is not among those that come with dualform; the option model names where it is',
    );
    const other = await withTexts(earlier, { model: 'smollm2-135m-instruct' });
    expect(other.texts).toMatchObject({
      from: null,
      why: expect.stringContaining('is not the one that the run was made with'),
    });
  });

  test('asks no host for anything, and its policy forbids it', async () => {
    const page = await reportPage([run]);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)![1]!;
    expect(policy).toContain('default-src &#39;none&#39;'.replaceAll('&#39;', "'"));
    expect(policy).not.toContain('unsafe');
    expect(page).not.toMatch(/(?:src|href)="(?!#)/);
  });

  test('several folders, of earlier versions too', async () => {
    const folders = await Promise.all(
      ['run', 'train', 'momentum'].map(name => readFolder(new URL(name, EARLIER).pathname)),
    );
    const page = await reportPage(folders);
    expect(page).toMatch(/<title>3 folders: letters with tiny-model; Training on /);
    expect(page.match(/<h2>/g)).toHaveLength(3);
    expect(dataIn(page).folders.map(({ kind }) => kind)).toEqual(['run', 'train', 'momentum']);
  });

  test('refuses what is not finished or damaged, by name', async () => {
    const part = await readFolder(new URL('train-part', EARLIER).pathname);
    await expect(reportPage([part])).rejects.toThrow('train-part: not finished');
    const damaged = { ...run, name: 'mine', result: { ...(run.result as object), accuracy: { 'zero-shot': 'high' } } };
    await expect(reportPage([damaged])).rejects.toThrow(/^mine: its result is damaged.*accuracy/);
  });
});

const HOSTILE =
  '</script><!--<script>alert(1)</script><img src=x onerror=alert(2)>\u202Eevil\u2028\u0000\u001b[31m&amp;';

function hostile(run: FolderData): FolderData {
  const result = structuredClone(run.result) as { task: { labels: string[]; name: string }; model: { name: string } };
  result.task.labels[0] = ` ${HOSTILE}`;
  result.task.name = HOSTILE;
  result.model.name = HOSTILE;
  const sequences = run.tokens!.map(() => `${HOSTILE}${'long '.repeat(2000)}`);
  return { ...run, name: HOSTILE, result, texts: { from: HOSTILE, pieces: { 1: HOSTILE }, sequences } };
}

test('hostile text is text', async () => {
  const page = await reportPage([hostile(run)]);
  // Two scripts: the data, and the one of the page.
  expect(page.match(/<script/g)).toHaveLength(2);
  expect(page.match(/<\/script/g)).toHaveLength(2);
  for (const part of ['<img', '<!--', '\u202e', '\u2028', '\u0000', '\u001b']) expect(page).not.toContain(part);
  expect(page).toContain('⟨U+202E⟩evil⟨U+2028⟩⟨U+0000⟩⟨U+001B⟩[31m&amp;amp;');
  expect(dataIn(page).folders[0]).toMatchObject({ name: HOSTILE, result: { model: { name: HOSTILE } } });
});

describe.skipIf(!hasBrowser())('in a browser, from disk', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  async function open(run: FolderData, options: BrowserContextOptions = {}) {
    const file = join(scratch(), 'report.html');
    writeFileSync(file, await reportPage([run]));
    const page = await (await browser.newContext(options)).newPage();
    const requests: string[] = [];
    const errors: string[] = [];
    page.on('request', request => requests.push(request.url()));
    page.on('pageerror', error => errors.push(error.message));
    page.on('dialog', dialog => errors.push(dialog.message()));
    page.on('console', message => message.type() === 'error' && errors.push(message.text()));
    await page.goto(pathToFileURL(file).href);
    return { page, requests, errors };
  }

  /** What axe finds wrong: its rules, and where. */
  async function violations(page: Page): Promise<unknown> {
    await page.evaluate(AXE);
    return page.evaluate(
      '(async () => (await axe.run()).violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html)]))()',
    );
  }

  test('makes one request, that of the file, and no error', async () => {
    const { page, requests, errors } = await open(run);
    expect(await page.locator('svg.chart').count()).toBeGreaterThan(4);
    expect(requests).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  test('tables sort, filter and search', async () => {
    const { page } = await open(run);
    const rows = page.locator('.data', { has: page.getByRole('button', { name: 'flow' }) });
    const texts = (column: number) => rows.locator(`tbody tr:not([hidden]) td:nth-child(${column})`).allTextContents();
    expect(await texts(1)).toEqual(Array.from({ length: 12 }, (_, i) => String(i)));
    await rows.getByRole('button', { name: 'row', exact: true }).click();
    const ascending = (await texts(2)).map(Number);
    expect(ascending).toEqual([...ascending].sort((a, b) => a - b));
    await rows.getByRole('button', { name: 'row', exact: true }).click();
    expect((await texts(2)).map(Number)).toEqual(ascending.toReversed());

    const flow = (await texts(10))[0]!;
    await rows.getByLabel('Flow').selectOption(flow);
    expect(new Set(await texts(10))).toEqual(new Set([flow]));
    await rows.getByLabel('Flow').selectOption('all');
    await rows.getByLabel('Search').fill('no row has this');
    expect(await texts(1)).toEqual([]);
    expect(await rows.getByRole('status').textContent()).toBe('0 of 12 rows');
  });

  test('saves CSV and JSON, and shows the number under the pointer', async () => {
    const { page } = await open(run);
    const saved = async (name: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).first().click(),
      ]);
      return readFileSync(await download.path(), 'utf8');
    };
    expect(JSON.parse(await saved('Save the data as JSON')).schema).toBe('dualform.report/1');
    const rows = page.locator('.data', { has: page.getByRole('button', { name: 'flow' }) });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      rows.getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    const lines = readFileSync(await download.path(), 'utf8').split('\r\n');
    expect(lines[0]).toBe('place,row,prompt,gold,zero-shot,in-context,finetuned,SimAOU,SimAM,flow');
    expect(lines).toHaveLength(14);
    await page.locator('circle.dot').first().hover();
    expect(await page.getByRole('tooltip').textContent()).toMatch(/^\S.*: .*\d/);
  });

  test.each(['light', 'dark'] as const)('axe finds nothing wrong, %s', async colorScheme => {
    const { page } = await open(run, { colorScheme });
    expect(await violations(page)).toEqual([]);
  });

  test('fits a phone, and works without JavaScript', async () => {
    const { page } = await open(run, {
      viewport: { width: 360, height: 700 },
      javaScriptEnabled: false,
    });
    expect(await page.locator('svg.chart').first().isVisible()).toBe(true);
    expect(await page.getByRole('button').count()).toBe(0);
    await page.locator('summary').first().click();
    expect(await page.locator('details[open] table').first().isVisible()).toBe(true);
    const box = (await page.locator('main').boundingBox())!;
    expect(box.width).toBeLessThanOrEqual(360);
  });

  test('hostile text runs nothing', async () => {
    const { page, requests, errors } = await open(hostile(run));
    expect(requests).toHaveLength(1);
    expect(errors).toEqual([]);
    expect(await page.locator('img').count()).toBe(0);
    expect(
      await page.evaluate("JSON.parse(document.getElementById('dualform-data').textContent).folders[0].name"),
    ).toBe(HOSTILE);
  });
});
