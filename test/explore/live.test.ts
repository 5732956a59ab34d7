import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { openLab } from '../../src/explore/live/lab.ts';
import { loadModel } from '../../src/model/loaded-model.ts';
import { openTokenizer } from '../../src/tokenizer/tokenizer.ts';
import { hasBrowser } from '../devices/devices.ts';
import { TINY_MODEL } from '../run/tiny.ts';
import { scratchRuntime } from '../scratch-runtime.ts';
import { openedExplorer } from './browser.ts';

const DEMONSTRATIONS = [
  ['cxzxxb is', 'b'],
  ['xyxcybeb is', 'a'],
  ['yyya is', 'b'],
  ['xcccz is', 'a'],
] as const;
const QUERY = 'ddybbcde is';
const RATE = 0.05;

/** Types a request into the fields. */
async function fill(page: Page, demonstrations: readonly (readonly [string, string])[] = DEMONSTRATIONS) {
  await page.getByRole('link', { name: 'Live', exact: true }).click();
  const lines = demonstrations.map(line => line.join('\t')).join('\n');
  await page.getByRole('textbox', { name: 'Demonstrations' }).fill(lines);
  await page.getByRole('textbox', { name: 'Label words' }).fill('a, b');
  await page.getByRole('textbox', { name: 'Query' }).fill(QUERY);
  await page.getByRole('spinbutton', { name: 'Learning rate' }).fill(String(RATE));
}

async function compute(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Compute', exact: true }).click();
  await finished(page);
}

async function finished(page: Page): Promise<void> {
  const status = page.getByRole('status', { name: 'Status' });
  await expect.poll(() => status.textContent(), { timeout: 60_000 }).not.toMatch(/^Computing/);
  expect(await status.textContent()).toMatch(/^Computed in \d+\.\d s /);
}

/** The numbers of a table by rows; without those of the first `skipped` columns. */
async function numbers(page: Page, table: string, skipped = 0): Promise<number[][]> {
  const rows = page.getByRole('table', { name: table, includeHidden: true }).locator('tbody tr');
  const found: number[][] = [];
  for (const row of await rows.all()) {
    const cells = (await row.locator('td').all()).slice(skipped);
    found.push(await Promise.all(cells.map(async cell => Number((await cell.getAttribute('data-value')) ?? 'NaN'))));
  }
  return found;
}

describe.skipIf(!hasBrowser())('Live', () => {
  const opened = openedExplorer();
  const scratch = scratchRuntime();

  async function expected(demonstrations: readonly (readonly [string, string])[] = DEMONSTRATIONS) {
    const checkpoint = await openCheckpoint(TINY_MODEL);
    const lab = openLab(await loadModel(checkpoint, scratch.runtime), await openTokenizer(checkpoint.tokenizer!));
    const labels = [' a', ' b'];
    return lab.answer({
      demonstrations: demonstrations.map(([text, word]) => ({ text, label: labels.indexOf(` ${word}`) })),
      labels,
      query: QUERY,
      learningRate: RATE,
      others: [],
    });
  }

  test.each(['browser', 'machine'] as const)('computes in the %s what Node computes', async place => {
    const { page, errors } = await opened.open();
    await fill(page);
    const where = { browser: 'Compute in this browser', machine: 'Compute on this machine' }[place];
    await page.getByRole('radio', { name: where }).check();
    await compute(page);
    const answer = await expected();
    const found = await numbers(page, 'Label probabilities');
    expect(found).toHaveLength(3);
    for (const [i, { logProbabilities }] of answer.settings.entries()) {
      expect(found[i]).toBeAllClose(logProbabilities, 1e-4);
    }
    const losses = await numbers(page, 'Loss by demonstration', 1);
    expect(losses.flat()).toBeAllClose(answer.losses, 1e-4);
    const { cosine, nulls } = answer.updates!;
    const cosines = await numbers(page, 'Cosine of both updates by layer', 1);
    const [, shuffled] = nulls;
    // The columns: these demonstrations, shuffled labels.
    expect(cosines.map(row => row[1])).toBeAllClose(shuffled!.cosine as number[], 1e-4);
    expect(cosines.map(row => row[0])).toBeAllClose(cosine as number[], 1e-4);
    const sizes = await numbers(page, 'Size of both updates by layer', 1);
    expect(sizes.map(row => row[0])).toBeAllClose(answer.updates!.inContextSize, 1e-4);
    expect(sizes.map(row => row[1])).toBeAllClose(answer.updates!.finetunedSize, 1e-4);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('a demonstration moves and goes by the keyboard; the answer follows, with the one before as a ghost', async () => {
    const { page, errors } = await opened.open();
    await fill(page);
    await compute(page);
    await page.getByRole('button', { name: 'Move demonstration 4 up' }).press('Enter');
    await finished(page);
    await page.getByRole('button', { name: 'Drop demonstration 1' }).press('Enter');
    await finished(page);
    const [, second, third, fourth] = DEMONSTRATIONS;
    const left = [second, fourth, third];
    const lines = left.map(line => line.join('\t')).join('\n');
    expect(await page.getByRole('textbox', { name: 'Demonstrations' }).inputValue()).toBe(lines);
    const { settings } = await expected(left);
    const found = await numbers(page, 'Label probabilities');
    for (const [i, { logProbabilities }] of settings.entries()) expect(found[i]).toBeAllClose(logProbabilities, 1e-4);
    expect(await page.getByText(/^before \d/).count()).toBe(6);
    // The address holds the state.
    await page.reload();
    expect(await page.getByRole('textbox', { name: 'Query' }).inputValue()).toBe(QUERY);
    expect(await page.getByRole('textbox', { name: 'Demonstrations' }).inputValue()).toBe(lines);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('what is wrong is said in words, and a computation can be cancelled', async () => {
    const { page } = await opened.open();
    await fill(page, [['cxzxxb is', 'c']]);
    const button = page.getByRole('button', { name: 'Compute', exact: true });
    const status = page.getByRole('status', { name: 'Status' });
    await button.click();
    expect(await status.textContent()).toContain('line 1: "c" is not a label word; the nearest is');
    await page.getByRole('textbox', { name: 'Demonstrations' }).fill('cxzxxb is\tb');
    await button.click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await status.textContent()).toBe('Cancelled.');
    await compute(page);
    await page.context().close();
  });
});
