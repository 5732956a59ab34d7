import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { openTokenizer } from '../../src/tokenizer/tokenizer.ts';
import type { Browser } from '../devices/browser.ts';
import { bundle } from '../devices/bundle.ts';
import { hasBrowser, sharedBrowser } from '../devices/devices.ts';
import { scratchRuntime } from '../scratch-runtime.ts';
import type { Computed, Files, Kept } from './app.ts';
import { ASKED, computeInNode, inPage } from './compute.ts';

const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');
const golden = (name: string) => fileURLToPath(new URL(`../golden/${name}`, import.meta.url));

describe('the size of dualform/web, minified, without onnxruntime', () => {
  /** kB of an entry with all that it imports at once, and with what it imports later. */
  async function sizes(entry: string): Promise<{ readonly first: number; readonly all: number }> {
    const files = await bundle({ entry });
    const first = new Set(['entry.js']);
    for (const name of first) {
      const text = new TextDecoder().decode(files.get(name));
      for (const [, chunk] of text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) first.add(chunk!);
    }
    const size = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + files.get(name)!.length, 0) / 1000;
    return { first: size(first), all: size(files.keys()) };
  }

  test('a page loads at most 250 kB of it at first, and a worker of at most 25', async () => {
    const [whole, page] = [await sizes('src/web.ts'), await sizes('test/web/app.ts')];
    const worker = await sizes('src/web-worker.ts');
    const tokenizer = page.all - page.first;
    const later = worker.all - worker.first;
    console.log(
      `dualform/web: ${whole.first} kB, ${page.first} as a page uses it; tokenizer ${tokenizer} kB, worker ${worker.first} kB, with WebGPU and GGUF ${later} more`,
    );
    expect(whole.first).toBeLessThanOrEqual(250);
    expect(page.first).toBeLessThanOrEqual(165);
    expect(tokenizer).toBeLessThanOrEqual(60);
    expect(worker.first).toBeLessThanOrEqual(25);
    expect(later).toBeLessThanOrEqual(60);
  });
});

describe.skipIf(!hasBrowser())('a page', () => {
  const scratch = scratchRuntime();
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  test.each<[string, string, Files['from']]>([
    ['safetensors', 'llama', 'memory'],
    ['GGUF', 'gguf/llama/model.gguf', 'kept copy'],
    ['GGUF', 'gguf/llama/model.gguf', 'ranges'],
  ])('opens %s and computes what the CPU computes', async (format, name, from) => {
    const path = golden(name);
    const [weights, config] = format === 'GGUF' ? [path] : [join(path, 'model.safetensors'), join(path, 'config.json')];
    browser.serve('/weights', new Uint8Array(readFileSync(weights!)));
    if (config !== undefined) browser.serve('/config', new Uint8Array(readFileSync(config)));
    const files: Files = { weights: '/weights', from, ...(config !== undefined && { config: '/config' }) };
    const actual = await inPage<Computed>(browser, 'compute', files, ASKED);
    const expected = await computeInNode(scratch.runtime, path, ASKED);
    expect(actual.digest).toBe(expected.digest);
    expect(actual.logProbabilities).toBeRelativelyClose(expected.logProbabilities, 1e-5);
    expect(actual.losses).toBeRelativelyClose(expected.losses, 1e-5);
    expect(actual.trace.map(each => each.name)).toEqual(expected.trace.map(each => each.name));
    for (const [i, { name, data }] of expected.trace.entries()) {
      expect(actual.trace[i]!.data, name).toBeRelativelyClose(data, 1e-5);
    }
  });

  test('keeps a file: it is fetched once, and again where another digest is asked for', async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
    browser.serve('/kept', bytes);
    const first = await inPage<Kept>(browser, 'keep', '/kept');
    expect(first).toEqual({
      kept: 'opfs',
      sha256: sha256(bytes),
      size: bytes.length,
      done: bytes.length,
      warnings: [],
    });
    browser.serve('/kept', 'another file');
    expect(await inPage(browser, 'keep', '/kept')).toEqual({ ...first, done: 0 });
    const other = { sha256: sha256('another file'), size: 12 };
    expect(await inPage(browser, 'keep', '/kept', { sha256: other.sha256 })).toEqual({ ...first, ...other, done: 12 });
    await expect(inPage(browser, 'keep', '/kept', { sha256: first.sha256 })).rejects.toThrow(/its SHA-256 is/);
  });

  test('goes on in memory where the browser keeps nothing', async () => {
    browser.serve('/unkept', 'bytes');
    const unkept = { kept: 'memory', sha256: sha256('bytes'), size: 5, done: 5 };
    const full = await inPage<Kept>(browser, 'keep', '/unkept', {}, 'full');
    expect(full).toEqual({
      ...unkept,
      warnings: [expect.stringMatching(/does not keep its 1 MB \(QuotaExceeded.*in memory$/)],
    });
    const none = await inPage<Kept>(browser, 'keep', '/unkept', {}, 'none');
    expect(none).toEqual({
      ...unkept,
      warnings: [expect.stringMatching(/keeps no files \(SecurityError.*in memory$/)],
    });
    expect(await inPage<Kept>(browser, 'keep', '/unkept', {}, 'cache')).toEqual({
      ...unkept,
      kept: 'cache',
      warnings: [],
    });
    expect(await inPage<Kept>(browser, 'keep', '/unkept', {}, 'cache')).toMatchObject({ kept: 'cache', done: 0 });
  });

  test('encodes text as Node does', async () => {
    const file = golden('byte-pairs/tokenizer.json');
    browser.serve('/tokenizer.json', new Uint8Array(readFileSync(file)));
    const texts = readFileSync(golden('byte-pairs/corpus.txt'), 'utf8').split('\n').slice(0, 50);
    const tokenizer = await openTokenizer({ kind: 'tokenizer.json', file });
    expect(await inPage(browser, 'encode', '/tokenizer.json', texts)).toEqual(tokenizer.encodeAll(texts));
  });
});
