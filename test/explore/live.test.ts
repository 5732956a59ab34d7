import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { openLab } from '../../src/explore/live/lab.ts';
import { loadModel } from '../../src/model/loaded-model.ts';
import { openTokenizer } from '../../src/tokenizer/tokenizer.ts';
import { hasBrowser } from '../devices/devices.ts';
import { TINY_MODEL } from '../run/tiny.ts';
import { scratchRuntime } from '../scratch-runtime.ts';
import { openedExplorer, violations } from './browser.ts';
import { compute, DEMONSTRATIONS, expectAnswer, fill, finished, numbers, QUERY, RATE, ready } from './live-actions.ts';

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
    await expectAnswer(page, answer, 1e-4);
    // The main number is the share among the label words.
    const [a, b] = answer.settings[0]!.logProbabilities.map(Math.exp);
    const cell = page.getByRole('table', { name: 'Label probabilities' }).locator('td').first();
    expect(await cell.textContent()).toContain(`${((100 * a!) / (a! + b!)).toFixed(1)} %`);
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('works with the keyboard alone; the answer follows, with the one before as a ghost', async () => {
    const { page, errors } = await opened.open();
    await fill(page);
    const { keyboard } = page;
    const focused = () =>
      page.evaluate<string>('document.activeElement.ariaLabel ?? document.activeElement.textContent');
    /** Presses Tab until a control has the focus. */
    const tabTo = async (name: string) => {
      for (let i = 0; (await focused()) !== name; i++) {
        if (i > 60) throw new Error(`Tab does not reach ${name}`);
        await keyboard.press('Tab');
      }
    };
    await tabTo('Compute');
    await keyboard.press('Enter');
    await finished(page);
    await page.getByRole('textbox', { name: 'Demonstrations' }).focus();
    await tabTo('Move demonstration 4 up');
    await keyboard.press('Enter');
    await finished(page);
    // The keyboard stays with what moved.
    expect(await focused()).toBe('Move demonstration 3 up');
    await keyboard.press('Tab');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await keyboard.press('Enter');
    expect(await focused()).toBe('Flip the label of demonstration 3');
    await page.getByRole('textbox', { name: 'Demonstrations' }).focus();
    await tabTo('Drop demonstration 1');
    await keyboard.press('Enter');
    await finished(page);
    expect(await focused()).toBe('Drop demonstration 1');
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

  test('waits for the rows of the task, which the null of other demonstrations needs', async () => {
    const { page, errors } = await opened.open();
    let answer = () => {};
    const held = new Promise<void>(resolve => {
      answer = resolve;
    });
    await page.route('**/data/tasks/**', async route => {
      await held;
      await route.continue();
    });
    await page.getByRole('link', { name: 'Live', exact: true }).click();
    await page.getByRole('spinbutton', { name: 'Shots' }).fill('1');
    await page.getByRole('textbox', { name: 'Label words' }).fill('Negative, Positive');
    await page.getByRole('textbox', { name: 'Demonstrations' }).fill('xyxcybeb is\tNegative');
    await page.getByRole('textbox', { name: 'Query' }).fill(QUERY);
    await page.getByRole('button', { name: 'Compute', exact: true }).click();
    const status = page.getByRole('status', { name: 'Status' });
    expect(await status.textContent()).toContain('reading the rows of the task');
    // It can be cancelled meanwhile.
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await status.textContent()).toBe('Cancelled.');
    await page.getByRole('button', { name: 'Compute', exact: true }).click();
    answer();
    await finished(page);
    const table = page.getByRole('table', { name: 'Cosine of both updates by layer', includeHidden: true });
    const columns = await table.locator('thead th').allTextContents();
    expect(columns).toContain('other demonstrations');
    expect(await page.getByText('No null "other demonstrations"').count()).toBe(0);
    // With label words of one's own there is no such null, and the page says why.
    await fill(page);
    await compute(page);
    const why = 'No null "other demonstrations": no rows of a task with these label words are there.';
    expect(await page.getByText(why).count()).toBe(1);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('a kept model is opened at once on a later visit, and stays open while another page is shown', async () => {
    const { page, errors } = await opened.open();
    await fill(page);
    const status = page.getByRole('status', { name: 'Status' });
    expect(await status.textContent()).toMatch(/^The model is .* The browser fetches \d+ MB once\./);
    await compute(page);
    const workers = page.workers().length;
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await page.getByRole('link', { name: 'Live', exact: true }).click();
    await ready(page);
    expect(page.workers()).toHaveLength(workers);
    await page.reload();
    await ready(page);
    await fill(page);
    await compute(page);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('a model that could not be fetched is fetched by the next computation', async () => {
    const { page } = await opened.open();
    let refused = 0;
    await page.context().route('**/model/**', route => {
      refused++;
      return route.abort();
    });
    await fill(page);
    await page.getByRole('button', { name: 'Compute', exact: true }).click();
    const status = page.getByRole('status', { name: 'Status' });
    await expect.poll(() => status.textContent(), { timeout: 60_000 }).toMatch(/no answer/);
    expect(refused).toBeGreaterThan(0);
    await page.context().unroute('**/model/**');
    await compute(page);
    await page.context().close();
  });

  test('what is wrong is said in words, and a computation can be cancelled', async () => {
    const { page } = await opened.open();
    await fill(page, [['cxzxxb is', 'c']]);
    const button = page.getByRole('button', { name: 'Compute', exact: true });
    const status = page.getByRole('status', { name: 'Status' });
    await button.click();
    await expect.poll(() => status.textContent()).toContain('line 1: "c" is not a label word; the nearest is');
    await page.getByRole('textbox', { name: 'Demonstrations' }).fill('cxzxxb is\tb');
    await button.click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await status.textContent()).toBe('Cancelled.');
    await compute(page);
    await page.context().close();
  });
});
