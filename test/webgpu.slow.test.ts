import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { encodeOnnx } from '../src/graph/index.ts';
import { readDecoder } from '../src/model/families/index.ts';
import type { Outputs } from '../src/model/forward.ts';
import { names } from '../src/model/names.ts';
import { prefixGraph } from '../src/model/prefix.ts';
import { observationGraph, observationNames } from '../src/observe/observe.ts';
import { traceGraph } from '../src/observe/trace.ts';
import { gradientGraph, stepNames, updateFeeds, updateGraph, updateGroups } from '../src/setting/finetune-step.ts';
import { gptConfig, languageFeeds, languageModel } from '../src/train/gpt.ts';
import { initialise } from '../src/train/initialise.ts';
import { trainingGraph } from '../src/train/trainer.ts';
import { asPrefix, evaluate, noPrefix, packedFeeds, readGolden, tokenFeeds } from './reference/golden.ts';
import { type Feeds, value } from './reference/interpreter.ts';

/**
 * WGSL promises sine and cosine, and so rotary positions, to 2^-11 only; relative to the largest
 * number of a tensor.
 */
const TOLERANCE = 2 ** -11;

/**
 * The same graphs on onnxruntime's WebGPU provider. It needs a Vulkan driver, for instance
 * SwiftShader:
 *
 *     DUALFORM_WEBGPU=1 VK_ICD_FILENAMES=…/vk_swiftshader_icd.json npm run test:slow -- webgpu
 *
 * Skipped without DUALFORM_WEBGPU=1, because the provider ends the process where no driver is
 * found.
 */
const withGpu = describe.skipIf(process.env.DUALFORM_WEBGPU !== '1');

withGpu.each(['llama', 'momentum-gpt2'])('graphs of %s on WebGPU equal the float64 reference', name => {
  const golden = readGolden(name, readDecoder);

  async function compare(outputs: Outputs, feeds: Feeds): Promise<void> {
    await comparison(outputs, feeds, (await golden).weights);
  }

  test('observation and trace with a prefix', async () => {
    const { decoder, expected, weights } = await golden;
    const prefix = expected('memory_tokens').data;
    const tokens = expected('tokens').data;
    const left = evaluate(prefixGraph.outputs(decoder), { ...weights, ...noPrefix(decoder), ...tokenFeeds(prefix, 0) });
    const feeds = { ...asPrefix(decoder, left), ...tokenFeeds(tokens, prefix.length) };
    const last = tokens.length - 1;
    await compare(observationGraph.outputs(decoder), {
      ...feeds,
      ...packedFeeds(tokens, prefix.length),
      [names.tapRows]: value([1], [last]),
      [observationNames.readRows]: value([1], [last]),
      [observationNames.labels]: value([2], [3, 9]),
    });
    await compare(traceGraph.outputs(decoder), feeds);
  });

  test('one step of finetuning', async () => {
    const { decoder, sequences } = await golden;
    const [sequence] = sequences;
    const T = sequence!.length - 1;
    await compare(gradientGraph.outputs(decoder), {
      ...tokenFeeds(sequence!.slice(0, -1), 0),
      [stepNames.targets]: value([T], sequence!.slice(1)),
      [stepNames.targetWeights]: value([T], Array(T).fill(1 / T)),
    });
    const ramp = (shape: readonly number[]) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return value(
        shape,
        Array.from({ length: count }, (_, i) => ((i * 7) % 11) / 11 - 0.5),
      );
    };
    const fed = decoder.projections.flat().map(
      ({ name, shape: [M, K] }) =>
        [
          [stepNames.gradient(name), ramp([M!])],
          [stepNames.left(name), ramp([T, M!])],
          [stepNames.right(name), ramp([T, K ?? 1])],
        ] as const,
    );
    const parameters = Object.fromEntries(decoder.projections.flat().map(({ name, shape }) => [name, ramp(shape)]));
    const feeds = updateFeeds(updateGroups(decoder)[0]!, parameters, Object.fromEntries(fed.flat()));
    await compare(updateGraph.outputs(decoder), { ...feeds, [stepNames.learningRate]: value([1], [0.3]) });
  });
});

async function onWebGpu(
  outputs: Outputs,
  feeds: Feeds,
  weights: Feeds,
): Promise<Readonly<Record<string, Float32Array>>> {
  // A tiny model: its weights are a buffer instead of a mapped file.
  const order = Object.keys(weights);
  const bytes = new Float32Array(order.flatMap(name => Array.from(weights[name]!.data)));
  let at = 0;
  const places = new Map(
    order.map(name => {
      const length = 4 * weights[name]!.data.length;
      const place = { location: 'weights', offset: at, length, dtype: 'F32' as const };
      at += length;
      return [name, place];
    }),
  );
  const model = encodeOnnx({ name: 'webgpu', outputs, locate: name => places.get(name)! });
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['webgpu'],
    ...(order.length > 0 && { externalData: [{ path: 'weights', data: new Uint8Array(bytes.buffer) }] }),
    logSeverityLevel: 3,
  });
  const integer = new Set<string>([
    names.tokens,
    names.positions,
    names.tapRows,
    observationNames.readRows,
    observationNames.labels,
    stepNames.targets,
    names.prefixPositions,
    names.slots,
    names.places,
    names.ownPositions,
  ]);
  const tensors = session.inputNames.map(name => {
    const { shape, data } = feeds[name] ?? weights[name]!;
    const tensor = integer.has(name)
      ? new ort.Tensor('int32', Int32Array.from(data), shape)
      : new ort.Tensor('float32', Float32Array.from(data), shape);
    return [name, tensor] as const;
  });
  const results = await session.run(Object.fromEntries(tensors));
  const read: Record<string, Float32Array> = {};
  for (const name of session.outputNames) read[name] = (await results[name]!.getData()) as Float32Array;
  return read;
}

async function comparison(outputs: Outputs, feeds: Feeds, weights: Feeds = {}): Promise<void> {
  const reference = evaluate(outputs, { ...weights, ...feeds });
  const actual = await onWebGpu(outputs, feeds, weights);
  expect(Object.keys(actual).sort()).toEqual(Object.keys(reference).sort());
  for (const [name, { data }] of Object.entries(reference)) {
    expect(actual[name]!).toBeAllClose(data, TOLERANCE * Math.max(...data.map(Math.abs)));
  }
}

withGpu('training on WebGPU', () => {
  test('a step of a model with learned momentum equals the float64 reference', async () => {
    const shape = { layers: 2, heads: 2, hiddenSize: 8, feedForward: 16, vocabulary: 11, context: 6 };
    const objective = languageModel(gptConfig({ ...shape, momentum: 'learned' }));
    const first = initialise(objective, 3);
    // Away from their trivial first values.
    const parameters = objective.parameters.map(({ name, shape }) => [
      name,
      value(
        shape as number[],
        first[name]!.map((x, i) => x + 0.2 * Math.sin(2.1 * i)),
      ),
    ]);
    const fed = languageFeeds([
      [1, 5, 3, 9, 2, 2],
      [4, 10, 0, 7, 7, 7],
    ]);
    const feeds = Object.entries(fed).map(([name, { dims, data }]) => [name, value(dims as number[], data)]);
    await comparison(trainingGraph(objective, false), {
      ...Object.fromEntries(parameters),
      ...Object.fromEntries(feeds),
      share: value([1], [1]),
    });
  });
});
