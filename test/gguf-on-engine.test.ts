import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { loadModel } from '../src/model/loaded-model.ts';
import { emptyPrefix } from '../src/model/prefix.ts';
import { trace } from '../src/observe/trace.ts';
import { openRuntime } from '../src/runtime/node/open-runtime.ts';
import type { Runtime } from '../src/runtime/runtime.ts';

const FOLDER = new URL('golden/gguf/', import.meta.url).pathname;
const names = readdirSync(FOLDER, { withFileTypes: true }).flatMap(entry => (entry.isDirectory() ? [entry.name] : []));

describe('a GGUF file on the engine equals torch on the same values', () => {
  let runtime: Runtime;
  let cache: string;
  beforeAll(async () => {
    cache = mkdtempSync(join(tmpdir(), 'dualform-gguf-engine-'));
    vi.stubEnv('DUALFORM_CACHE', cache);
    runtime = await openRuntime({ threads: 1 });
  });
  afterAll(async () => {
    await runtime.close();
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true });
  });

  const logitsOf = async (file: string, tokens: readonly number[]) => {
    const model = await loadModel(await openCheckpoint(file), runtime);
    const state = { prefix: emptyPrefix(model.decoder), projections: model.pretrained };
    const [logits] = await trace(model, state, tokens, name => name === 'logits');
    return logits!.data.slice(-model.decoder.vocabulary);
  };

  test('the parts of a split model are one model, with the vocabulary of the first', async () => {
    const part = (n: number) => join(FOLDER, 'llama-split', `model-0000${n}-of-00003.gguf`);
    const [first, last] = [await openCheckpoint(part(1)), await openCheckpoint(part(3))];
    expect(last).toEqual({ ...first, source: part(3) });
    expect(last).toMatchObject({ name: 'model', tokenizer: { kind: 'gguf', file: part(1) } });
  });

  test.each(names)('%s', async name => {
    const folder = join(FOLDER, name);
    const { tokens, last } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
    // Any part opens a split model.
    for (const file of readdirSync(folder).filter(each => each.endsWith('.gguf'))) {
      expect(await logitsOf(join(folder, file), tokens)).toBeAllClose(last, 1e-4);
    }
  });
});
