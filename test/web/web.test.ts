import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { loadModel } from '../../src/model/loaded-model.ts';
import { computePrefix, emptyPrefix } from '../../src/model/prefix.ts';
import { observe } from '../../src/observe/observe.ts';
import { trace } from '../../src/observe/trace.ts';
import { finetune } from '../../src/setting/finetune.ts';
import { openTokenizer } from '../../src/tokenizer/tokenizer.ts';
import type { Browser } from '../devices/browser.ts';
import { bundle } from '../devices/bundle.ts';
import { hasBrowser, sharedBrowser } from '../devices/devices.ts';
import { scratchRuntime } from '../scratch-runtime.ts';
import type { Asked, Computed, Files } from './app.ts';

const golden = (name: string) => fileURLToPath(new URL(`../golden/${name}`, import.meta.url));

describe('the size of dualform/web, minified, without onnxruntime', () => {
  test('a page loads at most 250 kB at first, and a worker of at most 16', async () => {
    const files = await bundle({ app: 'test/web/app.ts', worker: 'src/runtime/web/worker.ts' });
    const loaded = (name: string, seen = new Set<string>()): ReadonlySet<string> => {
      if (seen.has(name)) return seen;
      seen.add(name);
      const text = new TextDecoder().decode(files.get(name));
      for (const [, chunk] of text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) loaded(chunk!, seen);
      return seen;
    };
    const size = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + files.get(name)!.length, 0) / 1000;
    const [first, worker, all] = [size(loaded('app.js')), size(loaded('worker.js')), size(files.keys())];
    console.log(`dualform/web: ${first} kB at first, its worker ${worker} kB, with the tokenizer ${all} kB`);
    expect(first).toBeLessThanOrEqual(250);
    expect(worker).toBeLessThanOrEqual(16);
    expect(all).toBeLessThanOrEqual(310);
  });
});

const ASKED: Asked = { before: [1, 2, 3], tokens: [5, 6, 7, 8], labels: [4, 9], sequence: [2, 5, 9, 4, 7] };

describe.skipIf(!hasBrowser())('a page', () => {
  const scratch = scratchRuntime();
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  const inPage = <T>(call: string, ...args: readonly unknown[]) =>
    browser.page.evaluate<T>(`import('/app.js').then(app => app.${call}(...${JSON.stringify(args)}))`);

  /** What `compute` of the page does, in the compute process. */
  async function onCpu(path: string): Promise<Computed> {
    const { before, tokens, labels, sequence } = ASKED;
    const checkpoint = await openCheckpoint(path);
    const model = await loadModel(checkpoint, scratch.runtime);
    const prefix = await computePrefix(model, before, model.pretrained);
    const at = { prefix, projections: model.pretrained };
    const query = { tokens, tap: tokens.length - 1, reads: [tokens.length - 1] };
    const { queries } = await observe(model, at, [query], { labels, doing: 'a query' });
    const { losses, projections } = await finetune(model, [sequence], { learningRate: 0.001 });
    const tensors = await trace(model, { prefix: emptyPrefix(model.decoder), projections }, tokens);
    return {
      digest: checkpoint.digest,
      logProbabilities: [...queries[0]!.logProbabilities[0]!],
      losses,
      trace: tensors.map(({ name, data }) => ({ name, data: [...data] })),
    };
  }

  test.each<[string, string, (path: string) => Readonly<Record<string, string>>]>([
    ['safetensors', 'llama', path => ({ config: join(path, 'config.json'), weights: join(path, 'model.safetensors') })],
    ['GGUF', 'gguf/llama/model.gguf', path => ({ gguf: path })],
  ])('opens %s and computes what the CPU computes', async (_, name, filesOf) => {
    const path = golden(name);
    const served = Object.entries(filesOf(path)).map(([key, file]) => {
      browser.serve(`/${key}`, new Uint8Array(readFileSync(file)));
      return [key, `/${key}`] as const;
    });
    const files: Files = Object.fromEntries(served);
    const actual = await inPage<Computed>('compute', files, ASKED);
    const expected = await onCpu(path);
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
    expect(await inPage('encode', '/tokenizer.json', texts)).toEqual(tokenizer.encodeAll(texts));
  });
});
