/** @file What a reader does on Live, and what Node computes of the same. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { LiveAnswer } from '../../src/explore/live/answer.ts';

export const DEMONSTRATIONS = [
  ['cxzxxb is', 'b'],
  ['xyxcybeb is', 'a'],
  ['yyya is', 'b'],
  ['xcccz is', 'a'],
] as const;
export const QUERY = 'ddybbcde is';
export const RATE = 0.05;

/** Types a request into the fields. */
export async function fill(page: Page, demonstrations: readonly (readonly [string, string])[] = DEMONSTRATIONS) {
  await page.getByRole('link', { name: 'Live', exact: true }).click();
  const lines = demonstrations.map(line => line.join('\t')).join('\n');
  await page.getByRole('textbox', { name: 'Demonstrations' }).fill(lines);
  await page.getByRole('textbox', { name: 'Label words' }).fill('a, b');
  await page.getByRole('textbox', { name: 'Query' }).fill(QUERY);
  await page.getByRole('spinbutton', { name: 'Learning rate' }).fill(String(RATE));
}

export async function compute(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Compute', exact: true }).click();
  await finished(page);
}

export async function finished(page: Page): Promise<void> {
  const status = page.getByRole('status', { name: 'Status' });
  await expect.poll(() => status.textContent(), { timeout: 600_000 }).not.toMatch(/^Computing/);
  expect(await status.textContent()).toMatch(/^Computed in \d+\.\d s /);
}

/** Waits until a model that the browser keeps is open. */
export async function ready(page: Page): Promise<void> {
  const status = page.getByRole('status', { name: 'Status' });
  await expect.poll(() => status.textContent(), { timeout: 60_000 }).toMatch(/^The model is ready/);
}

/** The numbers of a table by rows; without those of the first `skipped` columns. */
export async function numbers(page: Page, table: string, skipped = 0): Promise<number[][]> {
  const rows = page.getByRole('table', { name: table, includeHidden: true }).locator('tbody tr');
  const found: number[][] = [];
  for (const row of await rows.all()) {
    const cells = (await row.locator('td').all()).slice(skipped);
    found.push(await Promise.all(cells.map(async cell => Number((await cell.getAttribute('data-value')) ?? 'NaN'))));
  }
  return found;
}

/**
 * Compares the tables of an answer with what Node computed: each to `tolerance` of the root mean
 * square of its numbers, cosines and shares of attention to `tolerance` itself.
 */
export async function expectAnswer(page: Page, answer: LiveAnswer, tolerance: number): Promise<void> {
  const found = await numbers(page, 'Label probabilities');
  expect(found).toHaveLength(3);
  const logProbabilities = answer.settings.flatMap(setting => [...setting.logProbabilities]);
  expect(found.flat()).toBeRelativelyClose(logProbabilities, tolerance);
  const losses = await numbers(page, 'Loss by demonstration', 1);
  expect(losses.flat()).toBeRelativelyClose(answer.losses, tolerance);
  const { cosine, nulls, inContextSize, finetunedSize } = answer.updates!;
  const cosines = await numbers(page, 'Cosine of both updates by layer', 1);
  const columns = [cosine, ...nulls.flatMap(null_ => (null_.cosine ? [null_.cosine] : []))];
  expect(columns.length).toBeGreaterThan(1);
  for (const [i, column] of columns.entries()) {
    expect(cosines.map(row => row[i])).toBeAllClose(column as number[], tolerance);
  }
  const sizes = await numbers(page, 'Size of both updates by layer', 1);
  expect(sizes.map(row => row[0])).toBeRelativelyClose(inContextSize, tolerance);
  expect(sizes.map(row => row[1])).toBeRelativelyClose(finetunedSize, tolerance);
  const attention = await numbers(page, 'Share of the attention');
  expect(attention.map(([all]) => all)).toBeAllClose(attentionByPart(answer.attention!), tolerance);
}

/** The mean over layers and heads of the weights of the start, of each demonstration and of the query. */
function attentionByPart({ weights, pieces, layers, heads }: NonNullable<LiveAnswer['attention']>): readonly number[] {
  const last = 1 + Math.max(-1, ...pieces.map(({ demonstration = -1 }) => demonstration));
  const sums = new Array<number>(last + 2).fill(0);
  for (const [i, weight] of weights.entries()) {
    const { part, demonstration = last } = pieces[i % pieces.length]!;
    sums[part === 'start' ? 0 : demonstration + 1]! += weight / layers / heads;
  }
  return sums;
}

/** Watches the tasks of the page. @returns what tells the longest since then, in milliseconds; 0 below 50 */
export async function longestTask(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(`(() => {
    window.longest = 0;
    new PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: 'longtask' });
  })()`);
  return () => page.evaluate<number>('window.longest');
}
