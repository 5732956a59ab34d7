/** @file Takes the picture of a run's report in docs/figures: `npx tsx scripts/report-screenshot.ts RUN_FOLDER` */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { readFolder } from '../src/explore/folders.ts';
import { withTexts } from '../src/explore/token-texts.ts';
import { reportPage } from '../src/report/page/report-page.tsx';
import { browserFile } from '../test/devices/browser.ts';

const FILE = fileURLToPath(new URL('../docs/figures/report.png', import.meta.url));

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: npx tsx scripts/report-screenshot.ts RUN_FOLDER');
const scratch = await mkdtemp(join(tmpdir(), 'dualform-screenshot-'));
const report = join(scratch, 'report.html');
await writeFile(report, await reportPage([await withTexts(await readFolder(folder))]));
const browser = await chromium.launch({ executablePath: browserFile()!, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1200, height: 1400 }, colorScheme: 'light' });
await page.goto(pathToFileURL(report).href);
await page.screenshot({ path: FILE });
await browser.close();
await rm(scratch, { recursive: true });
