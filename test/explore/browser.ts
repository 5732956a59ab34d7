/** @file The explorer on the tiny model, and a browser that looks at it. */
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { type ExploreJob, type Explorer, explore } from '../../src/explore/explore.ts';
import { browserFile } from '../devices/browser.ts';
import { TINY_MODEL } from '../run/tiny.ts';

export interface Opened {
  readonly explorer: Explorer;
  readonly browser: Browser;
  /** A new tab on the page; errors in it fail the test that asks for them. */
  readonly open: (path?: string, options?: BrowserContextOptions) => Promise<OpenPage>;
}

export interface OpenPage {
  readonly page: Page;
  /** What the page reported on its console as an error, or threw. */
  readonly errors: readonly string[];
}

/** For all tests of a file. */
export function openedExplorer(job: ExploreJob = {}): Opened {
  const opened = {} as { -readonly [K in keyof Opened]: Opened[K] };
  beforeAll(async () => {
    opened.explorer = await explore({ model: TINY_MODEL, threads: 1, ...job });
    opened.browser = await launchBrowser();
    opened.open = (path = '', options = {}) => {
      const { address } = opened.explorer;
      return openPage(opened.browser, path === '' ? address : address.replace('#', `${path}#`), options);
    };
  });
  afterAll(async () => {
    await opened.browser?.close();
    await opened.explorer?.close();
  });
  return opened;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserFile()!,
    args: [
      ...['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
    ],
  });
}

/** What axe finds in a page. The script runs in a world of its own, which the policy of the page does not bind. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>('axe.run()');
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
}

export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', error => errors.push(error.message));
  page.on('console', message => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(address);
  return { page, errors };
}
