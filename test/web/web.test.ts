import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { openTokenizer } from '../../src/tokenizer/tokenizer.ts';
import type { Browser } from '../devices/browser.ts';
import { bundle } from '../devices/bundle.ts';
import { hasBrowser, sharedBrowser } from '../devices/devices.ts';
import { scratchRuntime } from '../scratch-runtime.ts';
import type { Computed } from './app.ts';
import { ASKED, computeOnCpu, inPage } from './compute.ts';

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

  test('a page loads at most 250 kB of it at first, and a worker of at most 16', async () => {
    const [whole, page] = [await sizes('src/web.ts'), await sizes('test/web/app.ts')];
    const worker = await sizes('src/runtime/web/worker.ts');
    const webgpu = worker.all - worker.first;
    const tokenizer = page.all - page.first;
    console.log(
      `dualform/web: ${whole.first} kB, ${page.first} as a page uses it; tokenizer ${tokenizer} kB, worker ${worker.first} kB, with WebGPU ${webgpu} more`,
    );
    expect(whole.first).toBeLessThanOrEqual(250);
    expect(page.first).toBeLessThanOrEqual(165);
    expect(tokenizer).toBeLessThanOrEqual(60);
    expect(worker.first).toBeLessThanOrEqual(16);
    expect(webgpu).toBeLessThanOrEqual(25);
  });
});

describe.skipIf(!hasBrowser())('a page', () => {
  const scratch = scratchRuntime();
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  test.each<[string, string, (path: string) => Readonly<Record<string, string>>]>([
    ['safetensors', 'llama', path => ({ config: join(path, 'config.json'), weights: join(path, 'model.safetensors') })],
    ['GGUF', 'gguf/llama/model.gguf', path => ({ gguf: path })],
  ])('opens %s and computes what the CPU computes', async (_, name, filesOf) => {
    const path = golden(name);
    const served = Object.entries(filesOf(path)).map(([key, file]) => {
      browser.serve(`/${key}`, new Uint8Array(readFileSync(file)));
      return [key, `/${key}`] as const;
    });
    const actual = await inPage<Computed>(browser, 'compute', Object.fromEntries(served), ASKED);
    const expected = await computeOnCpu(scratch.runtime, path, ASKED);
    expect(actual.digest).toBe(expected.digest);
    expect(actual.logProbabilities).toBeRelativelyClose(expected.logProbabilities, 1e-5);
    expect(actual.losses).toBeRelativelyClose(expected.losses, 1e-5);
    expect(actual.trace.map(each => each.name)).toEqual(expected.trace.map(each => each.name));
    for (const [i, { name, data }] of expected.trace.entries()) {
      expect(actual.trace[i]!.data, name).toBeRelativelyClose(data, 1e-5);
    }
  });

  test('encodes text as Node does', async () => {
    const file = golden('byte-pairs/tokenizer.json');
    browser.serve('/tokenizer.json', new Uint8Array(readFileSync(file)));
    const texts = readFileSync(golden('byte-pairs/corpus.txt'), 'utf8').split('\n').slice(0, 50);
    const tokenizer = await openTokenizer({ kind: 'tokenizer.json', file });
    expect(await inPage(browser, 'encode', '/tokenizer.json', texts)).toEqual(tokenizer.encodeAll(texts));
  });
});
