/** @file The settings of the evidence study on the engine, against torch and against each other. */
import { describe, expect, test } from 'vitest';
import { openFolder } from '../../src/checkpoint/sources/open-folder.ts';
import { readSafetensors } from '../../src/checkpoint/sources/read-safetensors.ts';
import { families } from '../../src/model/families/index.ts';
import { type LoadedModel, loadModel, type Projections } from '../../src/model/loaded-model.ts';
import { emptyPrefix } from '../../src/model/prefix.ts';
import { trace } from '../../src/observe/trace.ts';
import {
  finetune,
  finetuneInOneStep,
  finetuneLayerCausally,
  releaseProjections,
  sequenceLosses,
} from '../../src/setting/finetune.ts';
import { projectionParts } from '../../src/setting/projection-parts.ts';
import { randomStep, stepNorm } from '../../src/setting/random-step.ts';
import { randomStream } from '../../src/statistics/random.ts';
import { bounds, GRADIENT_RATE, goldenFolder, readGolden } from '../reference/golden.ts';
import { scratchRuntime } from '../scratch-runtime.ts';

const scratch = scratchRuntime();
const loaded = new Map<string, Promise<LoadedModel>>();
function model(name: string): Promise<LoadedModel> {
  if (!loaded.has(name)) {
    loaded.set(
      name,
      openFolder(goldenFolder(name)).then(checkpoint => loadModel(checkpoint, scratch.runtime)),
    );
  }
  return loaded.get(name)!;
}
const trained = (name: string) => readGolden(name, families[name]!);

async function expectations(name: string) {
  const tensors = await readSafetensors(new URL(`../golden/evidence/${name}.safetensors`, import.meta.url).pathname);
  return (key: string) => Float32Array.from(tensors.get(key)!.data, Number);
}

async function numbers({ runtime }: LoadedModel, projections: Projections) {
  const entries = Object.entries(projections).map(
    async ([key, handle]) => [key, (await runtime.download(handle)).data as Float32Array] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

describe.each(['llama', 'gpt2'])('%s equals torch', name => {
  test.each([
    ['layer_causal', finetuneLayerCausally],
    ['batch', finetuneInOneStep],
  ] as const)('%s: losses, gradients and projections', async (kind, take) => {
    const its = await model(name);
    const expected = await expectations(name);
    const golden = await trained(name);
    const { sequences } = golden;
    const learningRate = golden.expected('learning_rate').data[0]!;
    const { handles } = await scratch.runtime.usage();
    const untouched = await sequenceLosses(its, its.pretrained, sequences);
    const { projections, losses } = await take(its, sequences, { learningRate });
    expect(losses).toBeRelativelyClose(expected(`${kind}.loss`), bounds.forward);
    expect(untouched).toBeRelativelyClose(expected('batch.loss'), bounds.forward);
    for (const [key, data] of Object.entries(await numbers(its, projections))) {
      expect(data, key).toBeRelativelyClose(expected(`${kind}.after.${key}`), bounds.weight);
    }
    await releaseProjections(its, projections);
    const far = await take(its, kind === 'batch' ? sequences : sequences.slice(0, 1), { learningRate: GRADIENT_RATE });
    const before = await numbers(its, its.pretrained);
    for (const [key, data] of Object.entries(await numbers(its, far.projections))) {
      const gradient = Array.from(data, (x, i) => (before[key]![i]! - x) / GRADIENT_RATE);
      expect(gradient, key).toBeRelativelyClose(expected(`${kind}.gradient.${key}`), bounds.gradient);
    }
    await releaseProjections(its, far.projections);
    expect((await scratch.runtime.usage()).handles).toBe(handles);
  });
});

/** Attention outputs of all tokens in all layers, one behind the other. */
async function outputs(its: LoadedModel, projections: Projections): Promise<readonly number[]> {
  const at = { prefix: emptyPrefix(its.decoder), projections };
  const tensors = await trace(its, at, [3, 80, 9, 33, 121], key => key.endsWith('attention_output'));
  return tensors.flatMap(({ data }) => Array.from(data));
}

const less = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x - b[i]!);
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const cosine = (a: readonly number[], b: readonly number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

describe.each(['llama', 'gpt2', 'gpt-neox'])('%s', name => {
  test('one batch step is the limit of steps at small rates, and knows no order', async () => {
    const its = await model(name);
    const sequences = [
      [9, 4, 77, 200, 31, 6],
      [55, 102, 8, 14],
      [12, 190, 66, 3, 91],
    ];
    const zero = await outputs(its, its.pretrained);
    const update = async (take: typeof finetune, learningRate: number, order = sequences) => {
      const { projections } = await take(its, order, { learningRate });
      const after = await outputs(its, projections);
      await releaseProjections(its, projections);
      return less(after, zero);
    };
    const cosines: number[] = [];
    for (const multiple of [1, 1 / 8, 1 / 64]) {
      cosines.push(cosine(await update(finetune, 0.3 * multiple), await update(finetuneInOneStep, 0.3 * multiple)));
    }
    expect(cosines[2]).toBeGreaterThan(0.999);
    expect(cosines[1]).toBeGreaterThan(cosines[0]!);
    expect(cosines[2]).toBeGreaterThan(cosines[1]!);
    const turned = sequences.toReversed();
    const once = await update(finetuneInOneStep, 0.3);
    expect(cosine(once, await update(finetuneInOneStep, 0.3, turned))).toBeGreaterThan(1 - 1e-6);
    expect(cosine(await update(finetune, 0.3), await update(finetune, 0.3, turned))).toBeLessThan(1 - 1e-4);
  });

  test('a random step has the length of the other on every projection, and a direction of its own', async () => {
    const its = await model(name);
    const before = await numbers(its, its.pretrained);
    const { projections } = await finetune(its, [[9, 4, 77, 200, 31, 6]], { learningRate: 0.3 });
    const random = await randomStep(its, projections, index => randomStream(7001, 3, 4, index));
    const [after, moved] = [await numbers(its, projections), await numbers(its, random)];
    const steps = projectionParts(its.decoder).map(({ tensor: { name: key }, holds }) => {
      const step = (to: Float32Array) => Array.from(to, (x, i) => (holds(i) ? x - before[key]![i]! : 0));
      const [own, other] = [step(after[key]!), step(moved[key]!)];
      const [size, length] = [Math.sqrt(dot(own, own)), Math.sqrt(dot(other, other))];
      // The gradient of a key bias, which moves all keys of a head alike, is rounding.
      const rounding = 2 ** -24 * Math.sqrt(dot(Array.from(before[key]!), Array.from(before[key]!)));
      expect(Math.abs(length - size), key).toBeLessThan(Math.max(1e-6 * size, rounding));
      if (size > 10 * rounding) expect(Math.abs(cosine(own, other))).toBeLessThan(0.5);
      return { size, length };
    });
    expect(steps.map(({ size }) => size)).not.toContain(0);
    // Queries next to them do not move.
    for (const { name: key, fused, shape } of its.decoder.projections.flat()) {
      if (fused === undefined) continue;
      const stride = shape.slice(fused.axis + 1).reduce((product, size) => product * size, 1);
      const isQuery = (i: number) => fused.part(Math.floor(i / stride) % shape[fused.axis]!) === 'query';
      expect(moved[key]!.filter((_, i) => isQuery(i))).toEqual(before[key]!.filter((_, i) => isQuery(i)));
    }
    const [norm, randomNorm] = [await stepNorm(its, projections), await stepNorm(its, random)];
    expect(randomNorm / norm).toBeCloseTo(1, 6);
    expect(norm).toBeCloseTo(Math.sqrt(steps.reduce((sum, { size }) => sum + size * size, 0)), 8);
    expect(await stepNorm(its, its.pretrained)).toBe(0);
    const again = await randomStep(its, projections, index => randomStream(7001, 3, 4, index));
    expect(await numbers(its, again)).toEqual(moved);
    for (const each of [projections, random, again]) await releaseProjections(its, each);
  });
});

test('the losses of sequences are those before a step on them', async () => {
  const its = await model('llama');
  const [first, second] = [
    [9, 4, 77, 200, 31, 6],
    [55, 102, 8, 14],
  ];
  const { projections, losses } = await finetune(its, [first!, second!], { learningRate: 0.3 });
  const { projections: once } = await finetune(its, [first!], { learningRate: 0.3 });
  expect(await sequenceLosses(its, once, [second!])).toBeAllClose([losses[1]!], 1e-6);
  const [before, after] = [
    await sequenceLosses(its, its.pretrained, [first!, second!]),
    await sequenceLosses(its, projections, [first!, second!]),
  ];
  expect(after[1]).toBeLessThan(before[1]!);
  await expect(sequenceLosses(its, projections, [first!, [3]])).rejects.toThrow('sequence 2 has 1 tokens');
  for (const each of [projections, once]) await releaseProjections(its, each);
});

test('the key and the value part of a fused tensor are one projection each', async () => {
  const parts = projectionParts((await model('gpt2')).decoder);
  const [D, columns] = [32, 96];
  expect(parts.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(parts.map(({ tensor }) => tensor.name.replace('transformer.h.', ''))).toEqual(
    ['0', '1'].flatMap(layer => ['weight', 'weight', 'bias', 'bias'].map(kind => `${layer}.attn.c_attn.${kind}`)),
  );
  const held = parts.slice(0, 4).map(({ holds, tensor }) => {
    const size = tensor.shape.reduce((a, b) => a * b);
    return Array.from({ length: size }, (_, i) => i).filter(holds);
  });
  expect(held.map(({ length }) => length)).toEqual([D * D, D * D, D, D]);
  expect(held[0]!.every(i => i % columns >= D && i % columns < 2 * D)).toBe(true);
  expect(held[1]!.every(i => i % columns >= 2 * D)).toBe(true);
  expect(held[3]![0]).toBe(2 * D);
  const interleaved = projectionParts((await model('gpt-neox')).decoder);
  // Heads of 8: queries, keys, values of the first head, then of the second.
  expect([7, 8, 15, 16, 23, 24, 32].map(row => interleaved.slice(0, 2).map(({ holds }) => holds(row * D)))).toEqual([
    [false, false],
    [true, false],
    [true, false],
    [false, true],
    [false, true],
    [false, false],
    [true, false],
  ]);
  expect(projectionParts((await model('llama')).decoder).map(({ tensor }) => tensor.name.split('.').at(-2))).toEqual([
    'k_proj',
    'v_proj',
    'k_proj',
    'v_proj',
  ]);
});
