/**
 * @file Demonstrations as weights, on the golden checkpoints: what chapters 2 and 4 read of a
 * model.
 */
import { expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { type LoadedModel, loadModel } from '../../src/model/loaded-model.ts';
import { names } from '../../src/model/names.ts';
import { computePrefix, emptyPrefix } from '../../src/model/prefix.ts';
import { withRuntime } from '../../src/runtime/node/open-runtime.ts';
import { finetune } from '../../src/setting/finetune.ts';
import { readHeads, readPrefix } from '../../src/study/dual-form/heads.ts';
import { joinTokens } from '../../src/study/dual-form/keys-and-values.ts';
import {
  feedForwardNames as its,
  readPatched,
  readStreams,
  solveUpdates,
  vectorOf,
} from '../../src/study/dual-form/layer-updates.ts';
import { softmaxAttention } from '../../src/theory/attention-head.ts';
import { rankOneUpdate } from '../../src/theory/implicit-update.ts';
import { transposed } from '../../src/theory/matrix.ts';
import { relativeError } from '../../src/theory/softmax-kernel.ts';
import { goldenFamilies, goldenFolder } from '../reference/golden.ts';

const golden = <T>(name: string, work: (model: LoadedModel) => Promise<T>) =>
  withRuntime({ threads: 1 }, async runtime =>
    work(await loadModel(await openCheckpoint(goldenFolder(name)), runtime)),
  );

const context = [3, 17, 5, 29, 11, 2, 8];
const query = [7, 13, 4];

test.each(goldenFamilies)('%s: a context as updates of the feed-forward', name =>
  golden(name, async model => {
    if (model.decoder.feedForward === undefined) {
      expect(['gptj', 'gpt-neox', 'phi', 'opt', 'opt-post-norm']).toContain(name);
      return;
    }
    const within = await readStreams(model, await computePrefix(model, context, model.pretrained), query);
    const { updates, feeds } = await solveUpdates(model, query, within);
    const patched = await readPatched(model, query, feeds);
    const plain = await readStreams(model, emptyPrefix(model.decoder), query);
    for (const output of [...updates.map((_, layer) => its.output(layer)), names.logits]) {
      const wanted = vectorOf(within, output);
      expect(relativeError(vectorOf(patched, output), wanted), output).toBeLessThan(2e-5);
      expect(relativeError(vectorOf(plain, output), wanted), output).toBeGreaterThan(1e-3);
    }
  }),
);

test.each([
  ['llama', false],
  ['gpt2', true],
] as const)('%s: the solved update of the first layer is that of theory/', (name, inputFirst) =>
  golden(name, async model => {
    const within = await readStreams(model, await computePrefix(model, context, model.pretrained), query);
    const { updates } = await solveUpdates(model, query, within);
    const [map] = model.decoder.feedForward![0]!;
    const [handle] = await model.runtime.load([model.checkpoint.tensors.get(`${map!.name}.weight`)!]);
    const { dims, data } = await model.runtime.download(handle!);
    const stored = { rows: dims[0]!, columns: dims[1]!, data: Float64Array.from(data) };
    const plain = await readStreams(model, emptyPrefix(model.decoder), query);
    const expected = rankOneUpdate(
      inputFirst ? transposed(stored) : stored,
      vectorOf(plain, its.read(0)),
      vectorOf(within, its.read(0)),
    );
    const [update] = updates[0]!.first;
    expect(update!.right).toBeRelativelyClose(expected.right, 1e-5);
    expect(update!.left).toBeRelativelyClose(expected.left, 1e-5);
  }),
);

const request = { tokens: query, start: context.length };

test.each(['llama', 'gpt2', 'qwen3', 'xglm'])('%s: softmax over the keys and values read = output of the heads', name =>
  golden(name, async model => {
    const { pretrained, decoder } = model;
    const prefix = await computePrefix(model, context, pretrained);
    const left = await readPrefix(model, prefix);
    const heads = await readHeads(model, { ...request, prefix, projections: pretrained, changed: pretrained });
    expect(heads.changed).toEqual(heads.own);
    for (const [layer, queries] of heads.query.entries()) {
      for (const [head, q] of queries.entries()) {
        const group = Math.floor((head * decoder.keyValueHeads) / decoder.heads);
        const tokens = joinTokens(left[layer]![group]!, heads.own[layer]![group]!);
        expect(softmaxAttention(tokens, q, 1)).toBeRelativelyClose(heads.attended[layer]![head]!, 1e-5);
      }
    }
  }),
);

test.each(['llama', 'gpt2'])('%s: changed projections read the same hidden states', name =>
  golden(name, async model => {
    const { pretrained, decoder } = model;
    const { projections } = await finetune(model, [context], { learningRate: 0.5 });
    const prefix = emptyPrefix(decoder);
    const mixed = await readHeads(model, { ...request, prefix, projections: pretrained, changed: projections });
    const whole = await readHeads(model, { ...request, prefix, projections, changed: pretrained });
    // Finetuning cannot move the input of the first layer; above it, the hidden states differ.
    expect(mixed.changed[0]).toEqual(whole.own[0]);
    expect(whole.changed[0]).toEqual(mixed.own[0]);
    expect(mixed.changed[0]).not.toEqual(mixed.own[0]);
    expect(mixed.changed.at(-1)).not.toEqual(whole.own.at(-1));
  }),
);
