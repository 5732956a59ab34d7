import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Decoder } from '../src/model/decoder.ts';
import { readDecoder } from '../src/model/families/index.ts';
import { names } from '../src/model/names.ts';
import { prefixGraph } from '../src/model/prefix.ts';
import { observationGraph, observationNames } from '../src/observe/observe.ts';
import { traceGraph } from '../src/observe/trace.ts';
import { gradientGraph, stepNames, updateFeeds, updateGraph, updateGroups } from '../src/setting/finetune-step.ts';
import {
  asPrefix,
  bounds,
  evaluate,
  goldenFamilies,
  goldenFolder,
  noPrefix,
  packedFeeds,
  readGolden,
  sizeOfGradient,
  tokenFeeds,
  visibleOnly,
} from './reference/golden.ts';
import { value } from './reference/interpreter.ts';

describe.each(goldenFamilies)('%s equals torch in the float64 reference', (name, family) => {
  const loaded = readGolden(name, family);

  test('plain forward pass: logits, attention outputs and scores', async () => {
    const { decoder, expected, weights } = await loaded;
    const tokens = expected('tokens').data;
    const trace = evaluate(traceGraph.outputs(decoder), { ...weights, ...noPrefix(decoder), ...tokenFeeds(tokens, 0) });
    expect(trace.logits!.data).toBeRelativelyClose(expected('logits').data, bounds.forward);
    for (let layer = 0; layer < decoder.layers; layer++) {
      const output = names.attentionOutput(layer);
      expect(trace[output]!.data).toBeRelativelyClose(expected(output).data, bounds.forward);
      const query = names.query(layer);
      expect(trace[query]!.data).toBeRelativelyClose(expected(query).data, bounds.forward);
      const scores = trace[names.attentionScores(layer)]!;
      // An empty prefix is one token of zeros; the expected scores do not have its column.
      const T = tokens.length;
      const own = value(
        [decoder.heads, T, T],
        scores.data.filter((_, i) => i % (T + 1) !== 0),
      );
      expect(own.data).toBeRelativelyClose(visibleOnly(own, expected(names.attentionScores(layer))), bounds.forward);
    }
  });

  test('the same tokens after a prefix', async () => {
    const { decoder, expected, weights } = await loaded;
    const [prefix, tokens] = [expected('memory_tokens').data, expected('tokens').data];
    const left = evaluate(prefixGraph.outputs(decoder), { ...weights, ...noPrefix(decoder), ...tokenFeeds(prefix, 0) });
    const feeds = { ...weights, ...asPrefix(decoder, left), ...tokenFeeds(tokens, prefix.length) };
    const trace = evaluate(traceGraph.outputs(decoder), feeds);
    expect(trace.logits!.data).toBeRelativelyClose(expected('memory.logits').data, bounds.forward);
    const last = tokens.length - 1;
    const observed = evaluate(observationGraph.outputs(decoder), {
      ...feeds,
      ...packedFeeds(tokens, prefix.length),
      [names.tapRows]: value([1], [last]),
      [observationNames.readRows]: value([1], [last]),
      [observationNames.labels]: value([3], [0, 5, 9]),
    });
    for (let layer = 0; layer < decoder.layers; layer++) {
      const output = names.attentionOutput(layer);
      const golden = expected(`memory.${output}`);
      expect(trace[output]!.data).toBeRelativelyClose(golden.data, bounds.forward);
      expect(observed[output]!.data).toBeRelativelyClose(golden.data.slice(-decoder.hiddenSize), bounds.forward);
      const query = names.query(layer);
      const goldenQuery = expected(`memory.${query}`);
      expect(trace[query]!.data).toBeRelativelyClose(goldenQuery.data, bounds.forward);
      expect(observed[query]!.data).toBeRelativelyClose(goldenQuery.data.slice(-goldenQuery.shape[1]!), bounds.forward);
      const scores = trace[names.attentionScores(layer)]!;
      const goldenScores = expected(`memory.${names.attentionScores(layer)}`);
      expect(scores.data).toBeRelativelyClose(visibleOnly(scores, goldenScores), bounds.forward);
      // The tap row, [H, P+T] of the last token, cut in two. Scores outside a window are read too,
      // because they are read before the mask.
      const [P, T] = [prefix.length, tokens.length];
      const lastRow = Array.from({ length: decoder.heads }, (_, head) => {
        const start = (head * T + last) * (P + T);
        return goldenScores.data.slice(start, start + P + T);
      });
      const own = observed[names.attentionScores(layer)]!;
      const goldenOwn = value(
        own.shape,
        lastRow.flatMap(row => [...row.slice(P)]),
      );
      expect(own.data).toBeRelativelyClose(visibleOnly(own, goldenOwn), bounds.forward);
      const context = observed[observationNames.contextScores(layer)]!;
      const summed = Array.from({ length: P }, (_, token) => lastRow.reduce((sum, row) => sum + row[token]!, 0));
      expect(context.data).toBeRelativelyClose(visibleOnly(context, value([P], summed)), bounds.forward);
    }
    const row = expected('memory.logits').data.slice(-decoder.vocabulary);
    const logSum = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
    expect(observed[observationNames.labelLogProbabilities]!.data).toBeRelativelyClose(
      [0, 5, 9].map(id => row[id]! - logSum),
      bounds.forward,
    );
  });

  test('gradients and three steps of finetuning', async () => {
    const { decoder, expected, weights, sequences } = await loaded;
    const graphs = { gradient: gradientGraph.outputs(decoder), update: updateGraph.outputs(decoder) };
    const rate = expected('learning_rate');
    const projections = decoder.projections.flat().map(parameter => parameter.name);
    let feeds = weights;
    sequences.forEach((sequence, step) => {
      const T = sequence.length - 1;
      const result = evaluate(graphs.gradient, {
        ...feeds,
        ...tokenFeeds(sequence.slice(0, -1), 0),
        [stepNames.targets]: value([T], sequence.slice(1)),
        [stepNames.targetWeights]: value([T], Array(T).fill(1 / T)),
      });
      expect(result.loss!.data).toBeRelativelyClose([expected('loss').data[step]!], bounds.forward);
      const updated = { ...feeds };
      for (const group of updateGroups(decoder)) {
        const after = evaluate(graphs.update, { rate, ...updateFeeds(group, feeds, result) });
        for (const [i, { name }] of group.entries()) updated[name] = after[stepNames.updated(i)]!;
      }
      if (step === 0) {
        for (const key of projections) {
          const gradient = updated[key]!.data.map((x, i) => (feeds[key]!.data[i]! - x) / rate.data[0]!);
          expect(gradient, key).toBeRelativelyClose(
            expected(`gradient.${key}`).data,
            bounds.gradient,
            sizeOfGradient(name => expected(name).data, key),
          );
        }
      }
      feeds = updated;
    });
    for (const key of projections)
      expect(feeds[key]!.data, key).toBeRelativelyClose(expected(`after.${key}`).data, bounds.weight);
  });

  test('declares every tensor of the checkpoint and no other', async () => {
    const { decoder, weights } = await loaded;
    expect(decoder.tensors.map(tensor => tensor.name).sort()).toEqual(Object.keys(weights).sort());
    for (const { name: key, shape } of decoder.tensors) expect(weights[key]!.shape).toEqual(shape);
  });
});

const plainFamilies = goldenFamilies.map(([name]) => name).filter(name => !name.startsWith('momentum-'));

test.each(plainFamilies)('%s has a separate head, or the embedding as head, as the configuration says', async name => {
  const config = JSON.parse(await readFile(`${goldenFolder(name)}config.json`, 'utf8'));
  const { expected, weights } = await readGolden(name, readDecoder);
  const [tied, apart] = [true, false].map(tie_word_embeddings =>
    readDecoder({ ...config, tie_word_embeddings, final_logit_softcapping: null }, name),
  ) as [Decoder, Decoder];
  const embedding = weights[tied.tensors[0]!.name]!;
  const head = apart.tensors.find(tensor => !tied.tensors.some(other => other.name === tensor.name))!;
  expect(head.shape).toEqual(embedding.shape);
  const feeds = {
    ...weights,
    ...noPrefix(tied),
    ...tokenFeeds(expected('tokens').data, 0),
    'lm_head.bias': value([tied.vocabulary], new Float64Array(tied.vocabulary)),
    [head.name]: value(
      embedding.shape,
      embedding.data.map(x => 2 * x),
    ),
  };
  const [once, twice] = [tied, apart].map(decoder => evaluate(traceGraph.outputs(decoder), feeds).logits!.data);
  expect(twice).toBeRelativelyClose(
    once!.map(x => 2 * x),
    bounds.forward,
  );
});

test('bloom: the published models have other keys for hidden size and heads', () => {
  const sizes = { model_type: 'bloom', vocab_size: 7, n_layer: 1 };
  const published = readDecoder({ ...sizes, n_embed: 8, num_attention_heads: 2 }, 'here');
  expect(published).toMatchObject({ hiddenSize: 8, heads: 2 });
  expect(published.tensors).toEqual(readDecoder({ ...sizes, hidden_size: 8, n_head: 2 }, 'here').tensors);
});
