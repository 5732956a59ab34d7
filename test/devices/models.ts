import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Checkpoint, isStoredType } from '../../src/checkpoint/checkpoint.ts';
import { withFileSource } from '../../src/checkpoint/sources/file-source.ts';
import { readSafetensorsHeader } from '../../src/checkpoint/sources/read-safetensors.ts';
import { type LoadedModel, loadModel } from '../../src/model/loaded-model.ts';
import { computePrefix, emptyPrefix } from '../../src/model/prefix.ts';
import { observe } from '../../src/observe/observe.ts';
import { trace } from '../../src/observe/trace.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { finetune, releaseProjections } from '../../src/setting/finetune.ts';
import {
  bounds,
  GRADIENT_RATE,
  goldenFamilies,
  goldenFolder,
  readGolden,
  sizeOfGradient,
} from '../reference/golden.ts';
import type { Device } from './devices.ts';

async function goldenCheckpoint(name: string): Promise<Checkpoint> {
  const folder = goldenFolder(name);
  const { readFile } = await import('node:fs/promises');
  const { tensors } = await readSafetensorsHeader(`${folder}model.safetensors`);
  const stored = [...tensors].flatMap(([key, { dtype, ...rest }]) =>
    isStoredType(dtype) ? [[key, { ...rest, dtype }] as const] : [],
  );
  return {
    name,
    source: folder,
    digest: '',
    config: JSON.parse(await readFile(`${folder}config.json`, 'utf8')),
    tensors: new Map(stored),
    otherTensors: new Map(),
    tokenizer: undefined,
    withSource: withFileSource,
  };
}

/** Every golden checkpoint equals torch. */
export function testModels({ open }: Device): void {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await open();
  });
  afterAll(() => runtime.close());

  describe.each(goldenFamilies)('%s', (name, family) => {
    let model: LoadedModel;
    const golden = readGolden(name, family);
    const numbers = (data: ArrayLike<number>) => Array.from(data);

    beforeAll(async () => {
      model = await loadModel(await goldenCheckpoint(name), runtime);
    });

    test('trace, without and with a prefix', async () => {
      const { expected } = await golden;
      const tokens = numbers(expected('tokens').data);
      const before = numbers(expected('memory_tokens').data);
      const plain = await trace(model, { prefix: emptyPrefix(model.decoder), projections: model.pretrained }, tokens);
      const prefix = await computePrefix(model, before, model.pretrained);
      const behind = await trace(model, { prefix, projections: model.pretrained }, tokens);
      for (const [tensors, prefixed] of [
        [plain, ''],
        [behind, 'memory.'],
      ] as const) {
        expect(tensors.length).toBe(1 + 3 * model.decoder.layers);
        for (const { name: key, shape, data } of tensors) {
          const answer = expected(prefixed + key);
          expect(shape).toEqual(answer.shape);
          expect(data, prefixed + key).toBeRelativelyClose(answer.data, bounds.forward);
        }
      }
    });

    test('a prefix computed in pieces is the same prefix', async () => {
      const { expected } = await golden;
      const tokens = Array.from({ length: 90 }, (_, i) => 3 + ((i * 37) % 250));
      const [head, tail] = [tokens.slice(0, 80), tokens.slice(80)];
      const logits = async (before: readonly number[], after: readonly number[]) => {
        const prefix = await computePrefix(model, before, model.pretrained);
        const [read] = await trace(model, { prefix, projections: model.pretrained }, after, key => key === 'logits');
        return read!.data.slice(-expected('logits').shape[1]!);
      };
      expect(await logits(head, tail)).toBeRelativelyClose(await logits([], tokens), bounds.forward);
    });

    test('a query gives the same numbers alone, in any batch and with any padding', async () => {
      const { expected } = await golden;
      const prefix = await computePrefix(model, numbers(expected('memory_tokens').data), model.pretrained);
      const queries = [[5, 6, 7], [8, 9, 10, 11, 12, 13], [3], [40, 41, 42, 43]].map(tokens => ({
        tokens,
        tap: tokens.length - 1,
        reads: [tokens.length - 1],
      }));
      const ask = {
        labels: [4, 9],
        taps: { attentionOutput: true, attentionScores: true, contextScores: true, query: true },
        doing: 'test',
      };
      const at = { prefix, projections: model.pretrained };
      const together = await observe(model, at, queries, ask);
      for (const [i, query] of queries.entries()) {
        const alone = (await observe(model, at, [query], ask)).queries[0]!;
        const batched = together.queries[i]!;
        expect(batched.logProbabilities[0]!).toBeRelativelyClose(alone.logProbabilities[0]!, bounds.forward);
        for (const tap of ['attentionOutput', 'attentionScores', 'contextScores', 'query'] as const) {
          expect(batched[tap]!).toBeRelativelyClose(alone[tap]!, bounds.forward);
        }
      }
    });

    test('losses, queries and key/value tensors of three steps', async () => {
      const { expected, sequences } = await golden;
      const learningRate = expected('learning_rate').data[0]!;
      const recorded: (readonly Float32Array[])[] = [];
      const onQueries = (_: number, perLayer: readonly Float32Array[]) => recorded.push(perLayer);
      const { projections, losses } = await finetune(model, sequences, { learningRate, onQueries });
      expect(losses).toBeRelativelyClose(expected('loss').data, bounds.forward);
      for (let layer = 0; layer < model.decoder.layers; layer++) {
        const queries = recorded.flatMap(perLayer => numbers(perLayer[layer]!));
        expect(queries, `layer ${layer}`).toBeRelativelyClose(
          expected(`trained.layers.${layer}.query`).data,
          bounds.forward,
        );
      }
      for (const [key, handle] of Object.entries(projections)) {
        const { data } = await runtime.download(handle);
        expect(data, key).toBeRelativelyClose(expected(`after.${key}`).data, bounds.weight);
      }
      const at = { prefix: emptyPrefix(model.decoder), projections };
      const wanted = (key: string) => key === 'logits' || key.endsWith('.query');
      for (const { name: key, data } of await trace(model, at, numbers(expected('tokens').data), wanted)) {
        expect(data, key).toBeRelativelyClose(expected(`after.${key}`).data, bounds.forward);
      }
      await releaseProjections(model, projections);
    });

    test('gradients', async () => {
      const { expected, sequences } = await golden;
      const learningRate = GRADIENT_RATE;
      const { projections } = await finetune(model, sequences.slice(0, 1), { learningRate });
      for (const [key, handle] of Object.entries(projections)) {
        const [before, after] = [await runtime.download(model.pretrained[key]!), await runtime.download(handle)];
        const gradient = Array.from(after.data, (x, i) => (before.data[i]! - x) / learningRate);
        expect(gradient, key).toBeRelativelyClose(
          expected(`gradient.${key}`).data,
          bounds.gradient,
          sizeOfGradient(name => expected(name).data, key),
        );
      }
      await releaseProjections(model, projections);
    });

    test('an error of diverged finetuning names layer and tensor', async () => {
      const { sequences } = await golden;
      const [key] = Object.keys(model.pretrained) as [string];
      const { dims, data } = await runtime.download(model.pretrained[key]!);
      const damaged = await runtime.upload(key, {
        type: 'float32',
        dims,
        data: new Float32Array(data.length).fill(3e38),
      });
      const projections = { ...model.pretrained, [key]: damaged };
      const before = (await runtime.usage()).handles;
      await expect(finetune({ ...model, pretrained: projections }, sequences, { learningRate: 0.1 })).rejects.toThrow(
        /step 1: layers\.[01]\.query .*use a learning rate below 0\.1/,
      );
      expect((await runtime.usage()).handles).toBe(before);
      const at = { prefix: emptyPrefix(model.decoder), projections };
      const query = { tokens: [5, 6, 7], tap: 2, reads: [2] };
      await expect(observe(model, at, [query], { labels: [3], doing: 'a test' })).rejects.toThrow(
        /layers\.0\.attention_output .*while a test/,
      );
      await runtime.release([damaged]);
    });
  });
}
