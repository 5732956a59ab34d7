/**
 * @file Pictures of pages, compared with those in `test/golden/explorer`. Times are replaced, the font
 * is Open Sans on every machine, and nothing moves. `UPDATE_PICTURES=1` takes them anew.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pixelmatch from 'pixelmatch';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser } from '../devices/devices.ts';
import { openedExplorer } from './browser.ts';
import { compute, fill } from './live-actions.ts';

/** The largest share of pixels that may differ: versions of Chromium draw edges of letters differently. */
const MOST = 0.004;

const PICTURES = fileURLToPath(new URL('../golden/explorer/', import.meta.url));
const RUN = fileURLToPath(new URL('../fixtures/earlier-folders/run/', import.meta.url));

const require = createRequire(import.meta.url);
const FONTS = {
  400: require.resolve('@fontsource/open-sans/files/open-sans-latin-400-normal.woff2'),
  700: require.resolve('@fontsource/open-sans/files/open-sans-latin-700-normal.woff2'),
};
const STYLE = Object.entries(FONTS)
  .map(([weight, file]) => {
    const font = readFileSync(file).toString('base64');
    return `@font-face { font-family: Fixed; font-weight: ${weight}; src: url(data:font/woff2;base64,${font}); }`;
  })
  .concat('* { font-family: Fixed !important; transition: none !important; caret-color: transparent !important; }')
  .join('\n');

const root = mkdtempSync(join(tmpdir(), 'dualform-pictures-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function picture(page: Page): Promise<PNG> {
  await page.addStyleTag({ content: STYLE });
  await page.evaluate(`(async () => {
    for (const element of document.querySelectorAll('[role=status]'))
      element.textContent = element.textContent.replace(/\\d+\\.\\d s/, '0.0 s').replace(/\\d+ threads?/, 'N threads');
    document.activeElement?.blur();
    scrollTo(0, 0);
    await document.fonts.ready;
  })()`);
  return PNG.sync.read(await page.screenshot({ animations: 'disabled' }));
}

/** The share of pixels that differ. */
function difference(one: PNG, other: PNG): number {
  const { width, height } = one;
  if (width !== other.width || height !== other.height) return 1;
  return pixelmatch(one.data, other.data, undefined, width, height, { threshold: 0.2 }) / (width * height);
}

const PAGES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  runs: async page => {
    await page.getByRole('table', { name: '2 of 2 runs' }).waitFor();
  },
  read: async page => {
    await page.getByRole('link', { name: 'How to read this' }).click();
    await page.getByRole('heading', { name: 'Compared with what?' }).waitFor();
  },
  live: async page => {
    await fill(page);
    await compute(page);
  },
};

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light', viewport: { width: 1100, height: 800 } },
  'dark-phone': { colorScheme: 'dark', viewport: { width: 390, height: 800 } },
};

describe.skipIf(!hasBrowser())('pictures', () => {
  beforeAll(() => {
    for (const name of ['first', 'second']) cpSync(RUN, join(root, name), { recursive: true });
  });
  const opened = openedExplorer({ folders: [root] });

  test.each([
    ['runs', 'light'],
    ['runs', 'dark-phone'],
    ['read', 'light'],
    ['read', 'dark-phone'],
    ['live', 'light'],
    ['live', 'dark-phone'],
  ])(
    'the page %s, %s, looks as it did',
    async (name, look) => {
      const { page } = await opened.open('', { ...LOOKS[look], bypassCSP: true, reducedMotion: 'reduce' });
      await PAGES[name]!(page);
      const actual = await picture(page);
      const file = join(PICTURES, `${name}-${look}.png`);
      if (process.env.UPDATE_PICTURES !== undefined) {
        mkdirSync(PICTURES, { recursive: true });
        writeFileSync(file, PNG.sync.write(actual, { colorType: 2 }));
      }
      const stored = PNG.sync.read(readFileSync(file));
      const share = difference(actual, stored);
      if (share > MOST) writeFileSync(join(tmpdir(), `dualform-${name}-${look}.png`), PNG.sync.write(actual));
      expect(share, `${name}-${look}.png; the new picture is in the system's temporary folder`).toBeLessThanOrEqual(
        MOST,
      );
      // A change that a reader would notice is more than the bound.
      await page.evaluate(`document.querySelector('h1').style.marginTop = '5rem'`);
      expect(difference(await picture(page), stored)).toBeGreaterThan(2 * MOST);
      await page.context().close();
    },
    240_000,
  );
});
