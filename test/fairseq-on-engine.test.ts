import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { readSafetensors, type TensorRead } from '../src/checkpoint/sources/read-safetensors.ts';
import { type LoadedModel, loadModel } from '../src/model/loaded-model.ts';
import { emptyPrefix } from '../src/model/prefix.ts';
import { trace } from '../src/observe/trace.ts';
import { openRuntime } from '../src/runtime/node/open-runtime.ts';
import type { Runtime } from '../src/runtime/runtime.ts';
import { finetune } from '../src/setting/finetune.ts';
import { openTokenizer } from '../src/tokenizer/tokenizer.ts';
import { bounds, goldenFolder } from './reference/golden.ts';

const folder = goldenFolder('fairseq');

describe('a fairseq model.pt, in half precision, equals torch', () => {
  let cache: string;
  let runtime: Runtime;
  let model: LoadedModel;
  let answers: ReadonlyMap<string, TensorRead>;
  const answer = (name: string) => Array.from(answers.get(name)!.data, Number);

  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'dualform-fairseq-'));
    process.env.DUALFORM_CACHE = cache;
    answers = await readSafetensors(`${folder}expected.safetensors`);
    runtime = await openRuntime({ threads: 1 });
    model = await loadModel(await openCheckpoint(folder), runtime);
  });
  afterAll(async () => {
    await runtime.close();
    delete process.env.DUALFORM_CACHE;
    await rm(cache, { recursive: true });
  });

  const logitsOf = async (projections: LoadedModel['pretrained']) => {
    const at = { prefix: emptyPrefix(model.decoder), projections };
    const [logits] = await trace(model, at, answer('tokens'), name => name === 'logits');
    return logits!.data;
  };

  test('logits', async () => {
    const logits = await logitsOf(model.pretrained);
    const V = model.decoder.vocabulary;
    const rows = answer('tokens').map((_, t) => Array.from(logits.slice(t * V, t * V + 1000)));
    expect(rows.flat()).toBeRelativelyClose(answer('logits.first_1000'), bounds.forward);
    const last = Array.from(logits.slice(-V));
    const logSum = Math.log(last.reduce((sum, x) => sum + Math.exp(x), 0));
    expect(last.map(x => x - logSum)).toBeRelativelyClose(answer('log_probabilities_of_last'), bounds.forward);
  });

  test('losses and changed projections, with the names of the file', async () => {
    const [count, length] = answers.get('sequences')!.shape as [number, number];
    const flat = answer('sequences');
    const sequences = Array.from({ length: count }, (_, i) =>
      flat.slice(i * length, (i + 1) * length).filter(token => token >= 0),
    );
    const [learningRate] = answer('learning_rate') as [number];
    const { projections, losses } = await finetune(model, sequences, { learningRate });
    expect(losses).toBeRelativelyClose(answer('loss'), bounds.forward);
    for (const [name, handle] of Object.entries(projections)) {
      expect((await runtime.download(handle)).data).toBeRelativelyClose(answer(`after.${name}`), bounds.weight);
    }
    expect(Object.keys(projections).sort()).toEqual(
      [...answers.keys()].flatMap(name => (name.startsWith('after.') ? [name.slice('after.'.length)] : [])).sort(),
    );
  });

  test('a text of the golden results gives the tokens that were fed', async () => {
    const { tokenizer } = await openCheckpoint(folder);
    const { encode } = await openTokenizer(tokenizer!);
    const { default: golden } = await import('./golden/fairseq/expected_tokens.json', { with: { type: 'json' } });
    for (const { text, fairseq } of golden.texts) expect(encode(text)).toEqual(fairseq);
  });
});
