import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differentiate, input } from '../../src/graph/index.ts';
import { momentumTensor } from '../../src/model/momentum.ts';
import { NonFiniteError } from '../../src/runtime/errors.ts';
import { openRuntime } from '../../src/runtime/node/open-runtime.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { type AdamSettings, PAPER_ADAM } from '../../src/train/adam.ts';
import { gptConfig, languageFeeds, languageModel, vectorFeeds, vectorModel } from '../../src/train/gpt.ts';
import { initialise } from '../../src/train/initialise.ts';
import type { Feeds, Numbers, Objective } from '../../src/train/objective.ts';
import { openTrainer } from '../../src/train/trainer.ts';
import { interpret, value } from '../reference/interpreter.ts';
import { scratchRuntime } from '../scratch-runtime.ts';

const shape = { layers: 2, heads: 2, hiddenSize: 8, feedForward: 16, context: 6 };
const text = languageModel(gptConfig({ ...shape, vocabulary: 11, momentum: 'learned' }));
const sentences = [
  [1, 5, 3, 9, 2, 2],
  [4, 10, 0, 7, 7, 8],
  [6, 1, 1, 3, 5, 9],
  [2, 8, 4, 0, 10, 6],
];
const vectors = vectorModel({ ...shape, momentum: 0.3 }, 3);
const wave = (length: number, seed: number) => Float32Array.from({ length }, (_, i) => Math.sin(1.7 * (i + 1) + seed));
const regression = vectorFeeds([2, 4, 3], {
  vectors: wave(24, 1),
  answers: wave(8, 2),
  weights: Float32Array.of(1, 1, 1, 0, 1, 1, 1, 2),
});

/** Numbers far from their trivial first values, so that every gradient counts. */
function shaken(objective: Objective): Numbers {
  const first = initialise(objective, 3);
  return Object.fromEntries(
    Object.entries(first).map(([name, data], seed) => [name, data.map((x, i) => x + 0.2 * Math.sin(2.1 * i + seed))]),
  );
}

/** Adam as torch documents it, in float64, over gradients of the reference interpreter. */
function plainAdam(
  objective: Objective,
  initial: Numbers,
  batches: readonly Feeds[],
  rate: number,
  settings: AdamSettings,
) {
  const { beta1, beta2, epsilon, clipNorm = Number.POSITIVE_INFINITY } = settings;
  const tensors = objective.parameters.map(({ name, shape }) => input(name, 'float32', shape));
  const { loss } = objective.build(name => tensors.find(tensor => tensor.name === name)!);
  const graph = [loss, ...differentiate(loss, tensors)];
  let parameters = Object.fromEntries(Object.entries(initial).map(([name, data]) => [name, Float64Array.from(data)]));
  const m = tensors.map(({ name }) => new Float64Array(parameters[name]!.length));
  const v = m.map(x => new Float64Array(x.length));
  const rows = batches.map((batch, step) => {
    const fed = {
      ...Object.fromEntries(Object.entries(batch).map(([name, { dims, data }]) => [name, value(dims, data)])),
    };
    const [at, ...gradients] = interpret(graph, {
      ...fed,
      ...Object.fromEntries(tensors.map(({ name, shape }) => [name, value(shape as number[], parameters[name]!)])),
    });
    const norm = Math.sqrt(gradients.reduce((sum, { data }) => sum + data.reduce((s, x) => s + x * x, 0), 0));
    const kept = Math.min(1, clipNorm / (norm + 1e-6));
    const t = step + 1;
    parameters = Object.fromEntries(
      tensors.map(({ name }, i) => [
        name,
        parameters[name]!.map((p, j) => {
          const g = gradients[i]!.data[j]! * kept;
          m[i]![j] = beta1 * m[i]![j]! + (1 - beta1) * g;
          v[i]![j] = beta2 * v[i]![j]! + (1 - beta2) * g * g;
          const corrected = Math.sqrt(v[i]![j]! / (1 - beta2 ** t));
          return p - (rate * (m[i]![j]! / (1 - beta1 ** t))) / (corrected + epsilon);
        }),
      ]),
    );
    return { loss: at!.data[0]!, norm };
  });
  return { rows, parameters };
}

describe('the trainer', () => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await openRuntime({ threads: 1 });
  });
  afterAll(() => runtime.close());

  test.each([
    ['next tokens, learned momentum, clipped', text, languageFeeds(sentences), PAPER_ADAM],
    ['vectors, fixed momentum, not clipped', vectors, regression, { beta1: 0.9, beta2: 0.95, epsilon: 1e-8 }],
  ] as const)('takes the steps of plain Adam in float64: %s', async (_, objective, feeds, settings) => {
    const initial = shaken(objective);
    const reference = plainAdam(objective, initial, [feeds, feeds, feeds], 0.01, settings);
    const trainer = await openTrainer(runtime, objective, initial, settings);
    for (const row of reference.rows) {
      const { loss, gradientNorm } = await trainer.take([feeds], 0.01);
      expect([loss, gradientNorm]).toBeAllClose([row.loss, row.norm], 2e-5 * row.norm);
    }
    const { step, parameters } = await trainer.state();
    expect(step).toBe(3);
    for (const { name } of objective.parameters) {
      // Where a gradient is rounding noise alone (key biases) Adam makes whole steps of it.
      if (name.endsWith('c_attn.bias')) continue;
      expect(parameters[name]!).toBeAllClose(reference.parameters[name]!, 1e-4);
    }
    await trainer.close();
  });

  test('several batches in a step are their mean', async () => {
    const initial = shaken(text);
    const apart = await openTrainer(runtime, text, initial, PAPER_ADAM);
    const together = await openTrainer(runtime, text, initial, PAPER_ADAM);
    const halves = [0, 2].map(i => languageFeeds(sentences.slice(i, i + 2)));
    for (let step = 0; step < 3; step++) {
      const a = await apart.take(halves, 0.01);
      const b = await together.take([languageFeeds(sentences)], 0.01);
      expect([a.loss, a.gradientNorm]).toBeAllClose([b.loss, b.gradientNorm], 1e-4);
    }
    const three = await apart.take([...halves, halves[0]!], 0.01);
    expect(three.loss).toBeGreaterThan(0);
    await apart.close();
    await together.close();
  });

  test('a restored state continues to the same bytes', async () => {
    const feeds = [0, 1, 2, 3].map(i => languageFeeds(sentences.slice(i)));
    const whole = await openTrainer(runtime, text, shaken(text), PAPER_ADAM);
    await whole.take([feeds[0]!], 0.01);
    await whole.take([feeds[1]!], 0.02);
    const middle = await whole.state();
    const first = [await whole.take([feeds[2]!], 0.01), await whole.take([feeds[3]!], 0.01)];
    const other = await openTrainer(runtime, text, initialise(text, 9), PAPER_ADAM);
    await other.restore(middle);
    expect(other.step()).toBe(2);
    const second = [await other.take([feeds[2]!], 0.01), await other.take([feeds[3]!], 0.01)];
    expect(second).toEqual(first);
    expect(await other.state()).toEqual(await whole.state());
    const before = (await runtime.usage()).handles;
    await whole.close();
    await other.close();
    const after = await runtime.usage();
    expect(after.handles).toBeLessThan(before);
    expect(after.sessions).toBe(0);
  });

  test('reads outputs with the current parameters', async () => {
    const trainer = await openTrainer(runtime, vectors, shaken(vectors), PAPER_ADAM);
    const { predictions, loss } = await trainer.evaluate(regression, ['predictions', 'loss']);
    const weights = regression.weights!.data as Float32Array;
    const expected = weights.reduce(
      (sum, weight, i) => sum + weight * (predictions!.data[i]! - regression.answers!.data[i]!) ** 2,
      0,
    );
    expect([loss!.data[0]!]).toBeAllClose([expected], 1e-6);
    await trainer.take([regression], 0.01);
    const later = await trainer.evaluate(regression, ['predictions']);
    expect(later.predictions!.data).not.toEqual(predictions!.data);
    await trainer.close();
  });

  test('stops when training diverges, names the step and keeps the parameters before it', async () => {
    const trainer = await openTrainer(runtime, vectors, shaken(vectors), PAPER_ADAM);
    await trainer.take([regression], 0.01);
    const good = await trainer.state();
    const huge = { ...regression, answers: { ...regression.answers!, data: wave(8, 2).map(x => x * 3e38) } } as Feeds;
    await expect(trainer.take([huge], 0.01)).rejects.toThrow(NonFiniteError);
    await expect(trainer.take([huge], 0.01)).rejects.toThrow(
      /^loss of training holds (?:Infinity|NaN) \(while step 2\)$/,
    );
    expect(await trainer.state()).toEqual(good);
    const { loss } = await trainer.take([regression], 0.01);
    expect(loss).toBeGreaterThan(0);
    await trainer.close();
  });
});

describe('a failure in the middle of a replacement', () => {
  const scratch = scratchRuntime();
  /** The runtime with requests that fail while `fails` says so. */
  function failing(fails: (request: string) => boolean): Runtime {
    const refuse = (request: string) => (fails(request) ? Promise.reject(new Error(`no ${request}`)) : undefined);
    return {
      ...scratch.runtime,
      run: (session, request) => refuse(session.name) ?? scratch.runtime.run(session, request),
      upload: (name, tensor) => refuse(name) ?? scratch.runtime.upload(name, tensor),
    };
  }
  const middle = text.parameters[Math.floor(text.parameters.length / 2)]!.name;
  const feeds = languageFeeds(sentences);

  test('of the first chunk leaves the state before the step', async () => {
    let fails = false;
    const trainer = await openTrainer(
      failing(request => fails && request === 'adam 1'),
      text,
      shaken(text),
      PAPER_ADAM,
      { chunkSize: 1 },
    );
    const before = await trainer.state();
    fails = true;
    await expect(trainer.take([feeds], 0.01)).rejects.toThrow('no adam 1');
    fails = false;
    expect(await trainer.state()).toEqual(before);
    await trainer.close();
    expect(await scratch.runtime.tensors()).toEqual([]);
  });

  test.each([
    ['a step', 'adam 3', /undefined: step 1 failed with 2 chunks/],
    ['a restored state', middle, /undefined: restoring step 0 failed/],
  ])('of %s makes the state undefined until another is restored', async (what, culprit, why) => {
    let fails = false;
    const trainer = await openTrainer(
      failing(request => fails && request === culprit),
      text,
      shaken(text),
      PAPER_ADAM,
      { chunkSize: 1 },
    );
    const before = await trainer.state();
    fails = true;
    const change = what === 'a step' ? trainer.take([feeds], 0.01) : trainer.restore(before);
    await expect(change).rejects.toThrow(`no ${culprit}`);
    fails = false;
    await expect(trainer.state()).rejects.toThrow(why);
    await expect(trainer.take([feeds], 0.01)).rejects.toThrow(why);
    await expect(trainer.evaluate(feeds, ['loss'])).rejects.toThrow(why);
    await trainer.restore(before);
    expect(await trainer.state()).toEqual(before);
    await trainer.take([feeds], 0.01);
    await trainer.close();
    expect(await scratch.runtime.tensors()).toEqual([]);
  });

  test('of the first upload leaves nothing', async () => {
    const broken = failing(request => request === middle);
    await expect(openTrainer(broken, text, shaken(text), PAPER_ADAM)).rejects.toThrow(`no ${middle}`);
    expect(await scratch.runtime.tensors()).toEqual([]);
  });

  test('to open a session leaves a trainer that closes', async () => {
    const trainer = await openTrainer(
      { ...scratch.runtime, openSession: () => Promise.reject(new Error('no session')) },
      text,
      shaken(text),
      PAPER_ADAM,
    );
    await expect(trainer.take([feeds], 0.01)).rejects.toThrow('no session');
    await trainer.close();
    expect(await scratch.runtime.tensors()).toEqual([]);
  });
});

describe('initial values', () => {
  test('are the same for parameters that plain and momentum models share, and differ for another seed', () => {
    const plain = languageModel(gptConfig({ ...shape, vocabulary: 11 }));
    const [a, b] = [initialise(plain, 5), initialise(text, 5)];
    for (const { name } of plain.parameters) expect(b[name]).toEqual(a[name]);
    expect(Object.keys(b).filter(name => !(name in a))).toEqual([momentumTensor(0), momentumTensor(1)]);
    expect(initialise(plain, 6)['transformer.wte.weight']).not.toEqual(a['transformer.wte.weight']);
  });
});
