import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportExplorer } from '../../src/explore/explore.ts';
import { hasBrowser } from '../devices/devices.ts';
import { TINY_MODEL } from '../run/tiny.ts';
import { launchBrowser, openPage } from './browser.ts';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  mjs: 'text/javascript',
  css: 'text/css',
  wasm: 'application/wasm',
};

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-export-'));
  const { files, bytes } = await exportExplorer(join(folder, 'page'), { model: TINY_MODEL });
  expect(files).toBeGreaterThan(15);
  expect(bytes).toBeGreaterThan(15e6);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a folder that holds something is refused', async () => {
  writeFileSync(join(folder, 'note.txt'), '');
  await expect(exportExplorer(folder, { model: TINY_MODEL })).rejects.toThrow(/the folder is not empty; name another/);
});

describe.skipIf(!hasBrowser())('the exported page on a plain static server', () => {
  let browser: Browser;
  const servers: Server[] = [];
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** Serves the folder below a path, as hosts of static files do. */
  async function serve(headers: Readonly<Record<string, string>>): Promise<string> {
    const server = createServer((request, response) => {
      const path = normalize(decodeURIComponent(new URL(request.url!, 'http://x').pathname)).replace(
        /\/$/,
        '/index.html',
      );
      const file = join(folder, path);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      if (!file.startsWith(folder) || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
        response.statusCode = 404;
        return response.end();
      }
      response.setHeader('Content-Type', TYPES[file.split('.').at(-1)!] ?? 'application/octet-stream');
      return createReadStream(file).pipe(response);
    });
    servers.push(server);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/page/`;
  }

  test.each<{ host: string; headers: Readonly<Record<string, string>>; threads: string; slower: boolean }>([
    { host: 'without headers, on one thread, and says so', headers: {}, threads: '1 thread', slower: true },
    {
      host: 'isolated, on more',
      headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
      threads: 'threads',
      slower: false,
    },
  ])('computes Live $host', async ({ headers, threads, slower }) => {
    const { page, errors } = await openPage(browser, await serve(headers));
    await page.getByRole('link', { name: 'Live', exact: true }).click();
    const status = page.getByRole('status', { name: 'Status' });
    expect((await status.textContent())!.includes('does not allow threads')).toBe(slower);
    expect(await page.getByRole('radio', { name: 'Compute on this machine' }).isDisabled()).toBe(true);
    await page.getByRole('textbox', { name: 'Demonstrations' }).fill('cxzxxb is\tb\nxyxc is\ta');
    await page.getByRole('textbox', { name: 'Label words' }).fill('a, b');
    await page.getByRole('textbox', { name: 'Query' }).fill('yyya is');
    await page.getByRole('button', { name: 'Compute', exact: true }).click();
    await expect.poll(() => status.textContent(), { timeout: 60_000 }).toMatch(/^Computed in /);
    if ((await page.evaluate('navigator.hardwareConcurrency')) !== 1)
      expect(await status.textContent()).toContain(threads);
    const cells = page.getByRole('table', { name: 'Label probabilities' }).locator('td[data-value]');
    expect(await cells.count()).toBe(6);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
