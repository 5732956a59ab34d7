/// <reference lib="dom" />
import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser } from '../devices/devices.ts';
import { openedExplorer, violations } from './browser.ts';

const EARLIER = fileURLToPath(new URL('../fixtures/earlier-folders/', import.meta.url));

const root = mkdtempSync(join(tmpdir(), 'dualform-pages-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(!hasBrowser())('the pages', () => {
  beforeAll(() => {
    for (const name of ['first', 'second', 'linked', 'growing'])
      cpSync(join(EARLIER, 'run'), join(root, name), { recursive: true });
    cpSync(join(EARLIER, 'train'), join(root, 'train'), { recursive: true });
    // A file of a folder that leads elsewhere, and a folder that does.
    rmSync(join(root, 'linked', 'tokens.jsonl'));
    symlinkSync('/etc/passwd', join(root, 'linked', 'tokens.jsonl'));
    symlinkSync(EARLIER, join(root, 'elsewhere'));
    rmSync(join(root, 'growing', 'result.json'));
  });
  const opened = openedExplorer({ folders: [root] });

  const go = (page: Page, link: string) => page.getByRole('link', { name: link, exact: true }).click();

  test('Runs lists the runs below a folder, and none that a link leads to', async () => {
    const { page, errors } = await opened.open();
    const table = page.getByRole('table', { name: '4 of 4 runs' });
    await table.waitFor();
    const names = await table.locator('tbody th').allTextContents();
    expect(names.sort()).toEqual(['first', 'growing', 'linked', 'second']);
    expect(await table.getByRole('row', { name: 'growing' }).textContent()).toContain('unfinished');
    expect(await page.content()).not.toContain(root);
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('shows a run as its report does, and follows one that goes on', async () => {
    const { page, errors } = await opened.open();
    await page.getByRole('table', { name: '4 of 4 runs' }).waitFor();
    appendFileSync(join(root, 'growing', 'examples.jsonl'), ' '.repeat(90_000));
    await expect
      .poll(() => page.getByRole('row', { name: 'growing' }).textContent(), { timeout: 20_000 })
      .toContain('9');
    await go(page, 'first');
    await page.locator('.view svg').first().waitFor();
    expect(await page.locator('.view table').count()).toBeGreaterThan(2);
    const levels = await page
      .locator('h1, h2, h3, h4')
      .evaluateAll(all => all.map(({ tagName }) => Number(tagName[1])));
    expect(levels[0]).toBe(1);
    expect(levels.filter(level => level === 1)).toHaveLength(1);
    for (const [i, level] of levels.slice(1).entries()) expect(level - levels[i]!).toBeLessThanOrEqual(1);
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('a folder that holds a link is not shown', async () => {
    const { page } = await opened.open();
    await page.getByRole('table', { name: '4 of 4 runs' }).waitFor();
    await go(page, 'linked');
    await expect.poll(() => page.getByRole('main').textContent()).toContain('a symbolic link, which is not followed');
    expect(await page.content()).not.toContain('root:x:');
    await page.context().close();
  });

  test('compares two runs on the same rows', async () => {
    const { page, errors } = await opened.open();
    await page.getByRole('checkbox', { name: 'Compare first' }).check();
    await page.getByRole('checkbox', { name: 'Compare second' }).check();
    await page.getByRole('button', { name: 'Compare the chosen runs' }).click();
    const table = page.getByRole('table', { name: 'Right answers of second against first, on the rows of both' });
    await table.waitFor();
    const rows = await table.locator('tbody tr').allTextContents();
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^zero-shot1275\.0 %75\.0 %0\.000no row differs$/);
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('Studies lists the others', async () => {
    const { page, errors } = await opened.open();
    await go(page, 'Studies');
    await page.getByRole('row', { name: 'train' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await go(page, 'train');
    await page.locator('.view table').first().waitFor();
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test.each([
    ['light, wide', { colorScheme: 'light' }],
    ['dark, at phone width', { colorScheme: 'dark', viewport: { width: 360, height: 700 } }],
  ] as const)('How to read this and Live, %s', async (_, options) => {
    const { page, errors } = await opened.open('', options);
    await go(page, 'How to read this');
    await page.getByRole('heading', { name: 'Compared with what?' }).waitFor();
    expect(await violations(page)).toEqual([]);
    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await go(page, 'Open the example in Live');
    await expect.poll(() => page.getByRole('textbox', { name: 'Query' }).inputValue()).toContain('Label:');
    expect(await page.getByRole('list', { name: 'Demonstrations in order' }).getByRole('listitem').count()).toBe(8);
    expect(await violations(page)).toEqual([]);
    expect(await overflow()).toBeLessThanOrEqual(0);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
