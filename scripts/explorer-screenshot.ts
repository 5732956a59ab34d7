/** @file Takes the picture of Live in docs/figures with the embedded model: `npx tsx scripts/explorer-screenshot.ts` */
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { explore } from '../src/explore/explore.ts';
import { browserFile } from '../test/devices/browser.ts';

const FILE = fileURLToPath(new URL('../docs/figures/explorer.png', import.meta.url));

const explorer = await explore();
const browser = await chromium.launch({ executablePath: browserFile()!, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1200, height: 1000 }, colorScheme: 'light' });
await page.goto(explorer.address);
await page.getByRole('link', { name: 'How to read this' }).click();
await page.getByRole('link', { name: 'Open the example in Live' }).click();
await page.getByRole('radio', { name: 'Compute on this machine' }).check();
await page.getByRole('button', { name: 'Compute', exact: true }).click();
await page.getByText(/^Computed in/).waitFor({ timeout: 300_000 });
await page.evaluate('scrollTo(0, 0)');
await page.screenshot({ path: FILE });
await browser.close();
await explorer.close();
