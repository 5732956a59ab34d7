/** @file Layer-causal steps in the float64 reference: what their gradient is, in every family. */
import { describe, expect, test } from 'vitest';
import { forward } from '../../src/model/forward.ts';
import { names } from '../../src/model/names.ts';
import { gradientGraph, stepNames } from '../../src/setting/finetune-step.ts';
import { layerCausalGraph, layerCausalTerms } from '../../src/setting/layer-causal-graph.ts';
import { evaluate, type Golden, goldenFamilies, readGolden, tokenFeeds } from '../reference/golden.ts';
import { type Feeds, value } from '../reference/interpreter.ts';

const TOKENS = [5, 40, 7, 123, 9];

function feedsOf({ weights }: Golden): Feeds {
  const T = TOKENS.length;
  return {
    ...weights,
    ...tokenFeeds(TOKENS, 0),
    [stepNames.targets]: value([T], [...TOKENS.slice(1), 0]),
    [stepNames.targetWeights]: value([T], [...Array(T - 1).fill(1 / (T - 1)), 0]),
  };
}

/** Numbers of a tensor with one changed. */
function changed(feeds: Feeds, name: string, element: number, by: number): Feeds {
  const { shape, data } = feeds[name]!;
  const moved = value(shape, data);
  moved.data[element]! += by;
  return { ...feeds, [name]: moved };
}

/** One of each way to write a layer, its end and its final norm. */
const FAMILIES = ['gemma2', 'gpt2', 'gptj', 'gpt-neox', 'llama', 'opt', 'opt-post-norm', 'phi3'];

describe.each(goldenFamilies.filter(([name]) => FAMILIES.includes(name)))('%s', (name, family) => {
  const loaded = readGolden(name, family);

  test('the last layer has the gradient of ordinary descent, and each term its own layer', async () => {
    const golden = await loaded;
    const { decoder } = golden;
    const feeds = feedsOf(golden);
    const layerCausal = evaluate(layerCausalGraph.outputs(decoder), feeds);
    const ordinary = evaluate(gradientGraph.outputs(decoder), feeds);
    const last = decoder.projections
      .at(-1)!
      .flatMap(({ name }) => [stepNames.gradient(name), stepNames.left(name), stepNames.right(name)]);
    const compared = last.filter(key => key in ordinary);
    expect(compared.length).toBeGreaterThan(1);
    // The factor of the key projection alone may be rounding, where a bias moves all keys alike.
    for (const key of compared) expect(layerCausal[key]!.data, key).toBeAllClose(ordinary[key]!.data, 1e-12);
    const terms = layerCausalTerms(forward(decoder, 'one', false));
    const values = evaluate(Object.fromEntries(terms.map((term, n) => [`${n}`, term])), feeds);
    const sum = Object.values(values).reduce((total, { data }) => total + data[0]!, 0);
    expect(layerCausal[stepNames.loss]!.data[0]).toBeCloseTo(sum, 12);
    expect(values[`${decoder.layers - 1}`]!.data[0]).toBeCloseTo(ordinary[stepNames.loss]!.data[0]!, 12);
  });

  test('a gradient equals central differences of the term of its layer', async () => {
    const golden = await loaded;
    const { decoder } = golden;
    const feeds = feedsOf(golden);
    const gradients = evaluate(layerCausalGraph.outputs(decoder), feeds);
    const terms = layerCausalTerms(forward(decoder, 'one', false));
    for (const [layer, specs] of decoder.projections.entries()) {
      // A weight of the values: x_(l-1) does not depend on it, so that it is held.
      const spec = specs.findLast(({ shape }) => shape.length === 2)!;
      const [M, K] = spec.shape as [number, number];
      const valueIndex = (size: number) => (spec.fused === undefined ? 1 : size - 1);
      const [row, column] = spec.fused?.axis === 1 ? [2, valueIndex(K)] : [valueIndex(M), 2];
      const at = (by: number) =>
        evaluate({ term: terms[layer]! }, changed(feeds, spec.name, row * K + column, by)).term!.data[0]!;
      const [left, right] = [gradients[stepNames.left(spec.name)]!, gradients[stepNames.right(spec.name)]!];
      let gradient = 0;
      for (let t = 0; t < TOKENS.length; t++) gradient += left.data[t * M + row]! * right.data[t * K + column]!;
      const [e, d] = [1e-4, 1e-4];
      expect(Math.abs(gradient)).toBeGreaterThan(1e-7);
      expect((at(e) - at(-d)) / (e + d)).toBeCloseTo(gradient, 7);
    }
  });
});

test('the gradient of a layer does not depend on the layers above', async () => {
  const golden = await readGolden(...goldenFamilies.find(([name]) => name === 'llama')!);
  const { decoder } = golden;
  const feeds = feedsOf(golden);
  const above = Object.fromEntries(
    Object.entries(feeds).map(([key, { shape, data }]) => [
      key,
      key.includes('layers.1.')
        ? value(
            shape,
            data.map(x => 1 - 2 * x),
          )
        : { shape, data },
    ]),
  );
  const outputs = layerCausalGraph.outputs(decoder);
  const [before, after] = [evaluate(outputs, feeds), evaluate(outputs, above)];
  const ofLayer = (layer: number) =>
    decoder.projections[layer]!.flatMap(({ name }) => [stepNames.left(name), stepNames.right(name)]);
  for (const key of ofLayer(0)) expect(after[key]!.data).toEqual(before[key]!.data);
  for (const key of ofLayer(1)) expect(after[key]!.data).not.toEqual(before[key]!.data);
  expect(after[names.query(0)]!.data).toEqual(before[names.query(0)]!.data);
  // Ordinary descent does depend on them.
  const ordinary = gradientGraph.outputs(decoder);
  const [left] = ofLayer(0);
  expect(evaluate(ordinary, above)[left!]!.data).not.toBeAllClose(evaluate(ordinary, feeds)[left!]!.data, 1e-6);
});
