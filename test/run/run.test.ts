import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import type { Progress } from '../../src/hooks.ts';
import type { ExampleMetrics } from '../../src/metric/measure.ts';
import { type LoadedModel, loadModel, type Projections } from '../../src/model/loaded-model.ts';
import { emptyPrefix } from '../../src/model/prefix.ts';
import { trace } from '../../src/observe/trace.ts';
import { estimateRun } from '../../src/run/estimate/estimate.ts';
import type { Speed } from '../../src/run/estimate/speed.ts';
import { shareFromDisk } from '../../src/run/estimate/stage-seconds.ts';
import type { Work } from '../../src/run/estimate/work.ts';
import type { ExampleRecord } from '../../src/run/records.ts';
import { runExperiment } from '../../src/run/run.ts';
import { openRuntime } from '../../src/runtime/node/open-runtime.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { finetune } from '../../src/setting/finetune.ts';
import { LETTERS, scratch, shareRuns, TINY_MODEL, tinyRun, WORDS } from './tiny.ts';

const runShared = shareRuns();

const lines = <T>(folder: string, name: string): T[] =>
  readFileSync(join(folder, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as T);

interface TokenLine {
  readonly kind: 'prefix' | 'finetuning' | 'query';
  readonly setting?: string;
  readonly index?: number;
  readonly tokens: readonly number[];
  readonly otherLabels?: readonly (readonly number[])[];
}

/** The label words of both tasks as tokens: ` a`, ` b`; ` early`, ` late`, ` b`. */
const LABELS = { letters: [[99], [100]], words: [[4, 73, 69, 86, 80, 93], [4, 80, 69, 88, 73], [100]] };

describe('a run against plain forward passes over whole sequences, without prefix, batches or padding', () => {
  let runtime: Runtime;
  let model: LoadedModel;
  beforeAll(async () => {
    runtime = await openRuntime({ threads: 1 });
    model = await loadModel(await openCheckpoint(TINY_MODEL), runtime);
  });
  afterAll(() => runtime.close());

  const pass = async (tokens: readonly number[], projections: Projections) => {
    const tensors = await trace(model, { prefix: emptyPrefix(model.decoder), projections }, tokens);
    return (name: string) => tensors.find(tensor => tensor.name === name)!;
  };
  const logSoftmax = (logits: Float32Array) => {
    const largest = Math.max(...logits);
    const sum = logits.reduce((total, x) => total + Math.exp(x - largest), 0);
    return (token: number) => logits[token]! - largest - Math.log(sum);
  };
  const cosine = (a: readonly number[], b: readonly number[]) => {
    const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, xi, i) => sum + xi * y[i]!, 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };

  test.each([
    [LETTERS, 'prompt-end'],
    [LETTERS, 'label'],
    [WORDS, 'prompt-end'],
    [WORDS, 'label'],
  ] as const)('%s observed at %s', async (task, tap) => {
    const out = join(scratch(), 'run');
    await runShared({ ...tinyRun, task, tap, batchSize: 5, limit: 7, out });
    const tokens = lines<TokenLine>(out, 'tokens.jsonl');
    const examples = lines<ExampleRecord>(out, 'examples.jsonl');
    const metrics = lines<ExampleMetrics>(out, 'metrics.jsonl');
    const labels = task === LETTERS ? LABELS.letters : LABELS.words;
    const sequences = tokens.filter(({ kind }) => kind === 'finetuning').map(line => line.tokens);
    const { projections: changed } = await finetune(model, sequences, { learningRate: tinyRun.learningRate });
    const prefixOf = (setting: string) =>
      tokens.find(line => line.kind === 'prefix' && line.setting === setting)!.tokens;

    for (const { index, tokens: first } of tokens.filter(({ kind }) => kind === 'query')) {
      // What is before the first label word.
      const fed = tap === 'label' ? labels[0]!.length : labels[0]!.length - 1;
      const prompt = first.slice(0, first.length - fed);
      const updates: Record<string, number[]> = {};
      for (const setting of ['zero-shot', 'in-context', 'finetuned']) {
        const prefix = prefixOf(setting);
        const projections = setting === 'finetuned' ? changed : model.pretrained;
        const record = examples.find(each => each.index === index && each.setting === setting)!;
        for (const [label, word] of labels.entries()) {
          const read = await pass([...prefix, ...prompt, ...word], projections);
          const logits = read('logits');
          const hiddenSize = logits.shape[1]!;
          const scores = word.map((token, j) => {
            const row = prefix.length + prompt.length - 1 + j;
            return logSoftmax(logits.data.slice(row * hiddenSize, (row + 1) * hiddenSize))(token);
          });
          const mean = scores.reduce((sum, score) => sum + score, 0) / word.length;
          expect(Math.abs(record.logProbabilities[label]! - mean)).toBeLessThan(1e-4);
        }
        const { data } = (await pass([...prefix, ...first], projections))('layers.1.attention_output');
        const at = tap === 'label' ? prefix.length + first.length - 1 : prefix.length + prompt.length - 1;
        updates[setting] = Array.from(data.slice(at * model.decoder.hiddenSize, (at + 1) * model.decoder.hiddenSize));
      }
      const minus = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x - b[i]!);
      const expected = cosine(
        minus(updates['in-context']!, updates['zero-shot']!),
        minus(updates.finetuned!, updates['zero-shot']!),
      );
      const measured = metrics.find(each => each.index === index)!.simAOUUnnormalised![1]!;
      expect(Math.abs(measured - expected)).toBeLessThan(1e-3);
    }
  });

  test('attention to training tokens: every token of the demonstrations, the label included', async () => {
    const out = join(scratch(), 'run');
    await runShared({ ...tinyRun, batchSize: 5, limit: 3, out });
    const tokens = lines<TokenLine>(out, 'tokens.jsonl');
    const sequences = tokens.filter(({ kind }) => kind === 'finetuning').map(line => line.tokens);
    const prefix = tokens.find(line => line.setting === 'in-context')!.tokens;
    const { heads, headDim, layers } = model.decoder;
    const D = heads * headDim;

    // Step by step: the queries of a sequence under the projections that the steps before it left.
    const trained: number[][] = [];
    for (const [step, sequence] of sequences.entries()) {
      const before = sequences.slice(0, step);
      const { projections } = await finetune(model, before, { learningRate: tinyRun.learningRate });
      const { data } = (await pass(sequence, projections))(`layers.${layers - 1}.query`);
      for (let t = 1; t < sequence.length; t++) trained.push(Array.from(data.slice(t * D, (t + 1) * D)));
    }
    const indices: number[] = [];
    let place = 1;
    for (const sequence of sequences) {
      for (let t = 1; t < sequence.length; t++) indices.push(place++);
      place += 2;
    }
    expect(place).toBe(prefix.length);

    const { projections } = await finetune(model, sequences, { learningRate: tinyRun.learningRate });
    for (const { index, tokens: query } of tokens.filter(({ kind }) => kind === 'query')) {
      const whole = [...prefix, ...query];
      const scores = (await pass(whole, model.pretrained))(`layers.${layers - 1}.attention_scores`).data;
      const row = whole.length - 1;
      const inContext = indices.map(i =>
        Array.from({ length: heads }, (_, h) => scores[(h * whole.length + row) * whole.length + i]!).reduce(
          (a, b) => a + b,
        ),
      );
      const queries = (await pass([1, ...query], projections))(`layers.${layers - 1}.query`).data;
      const q = Array.from(queries.slice(query.length * D, (query.length + 1) * D));
      const finetuned = trained.map(other => other.reduce((sum, x, i) => sum + x * q[i]!, 0));
      let concordant = 0;
      let pairs = 0;
      for (let i = 0; i < indices.length; i++) {
        for (let j = 0; j < i; j++) {
          concordant += Math.sign(inContext[i]! - inContext[j]!) * Math.sign(finetuned[i]! - finetuned[j]!);
          pairs++;
        }
      }
      const measured = lines<ExampleMetrics>(out, 'metrics.jsonl')
        .find(each => each.index === index)!
        .kendall!.at(-1)!;
      expect(Math.abs(measured - concordant / pairs)).toBeLessThan(0.005);
    }
  });
});

describe('subsets', () => {
  test('what needs a setting that was not run is null with why', async () => {
    const { result } = await runShared({
      ...tinyRun,
      learningRate: undefined,
      settings: ['zero-shot', 'in-context'],
      out: join(scratch(), 'run'),
    });
    expect(Object.keys(result.accuracy)).toEqual(['zero-shot', 'in-context']);
    expect(result.finetuning).toMatchObject({ learningRate: null, losses: [], why: 'needs the setting finetuned' });
    expect(result.rec2ftp).toMatchObject({ value: null, why: expect.any(String) });
    expect(result.simAOU).toMatchObject({ value: null, n: 0, why: expect.any(String) });
    expect(result.simAOU.random.n).toBe(12);
    expect(result.simAM.zeroShot.n).toBe(12);
    expect(result.kendall).toMatchObject({ value: null, why: expect.any(String) });
  });

  test('finetuned alone', async () => {
    const { result } = await runShared({ ...tinyRun, settings: ['finetuned'], out: join(scratch(), 'run') });
    expect(Object.keys(result.accuracy)).toEqual(['finetuned']);
    expect(result.finetuning.losses.length).toBe(4);
    expect(result.simAM.value).toBeNull();
  });

  test('no demonstrations: all settings agree, and no update has a direction', async () => {
    const { result } = await runShared({ ...tinyRun, shots: 0, out: join(scratch(), 'run') });
    expect(result.task).toMatchObject({ shots: 0, shotsAsked: 0, demonstrations: [] });
    expect(result.accuracy['in-context']).toBe(result.accuracy['zero-shot']);
    expect(result.accuracy.finetuned).toBe(result.accuracy['zero-shot']);
    expect(result.rec2ftp).toMatchObject({ value: null, numerator: 0, denominator: 0, why: expect.any(String) });
    expect(result.simAOU).toMatchObject({ value: null, why: expect.any(String) });
    expect(result.kendall).toMatchObject({ value: null, why: 'there are no demonstration tokens' });
    expect(JSON.stringify(result)).not.toContain('NaN');
  });
});

test('intervals and tests of the result follow from the records next to it', async () => {
  const out = join(scratch(), 'run');
  const { result } = await runShared({ ...tinyRun, out });
  const metrics = lines<ExampleMetrics>(out, 'metrics.jsonl').sort((a, b) => a.index - b.index);
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  // The point of Student's distribution with 11 degrees of freedom.
  const T = 2.2009851600916384;
  const interval = (values: readonly number[]) => {
    const middle = mean(values);
    const half = T * Math.sqrt(mean(values.map(x => (x - middle) ** 2)) / (values.length - 1));
    return { low: expect.closeTo(middle - half, 9), high: expect.closeTo(middle + half, 9) };
  };
  const rows = (name: 'simAOU' | 'simAM' | 'simAMZeroShot' | 'kendall') =>
    metrics.map(record => mean(record[name] as readonly number[]));
  expect(metrics.length).toBe(12);
  expect(result.uncertainty).toEqual({ confidence: 0.95, over: 'rows only, these demonstrations' });
  expect(result.simAOU.interval).toEqual(interval(rows('simAOU')));
  expect(result.kendall.interval).toEqual(interval(rows('kendall')));
  const less = rows('simAMZeroShot');
  expect(result.simAM.difference.interval).toEqual(interval(rows('simAM').map((x, i) => x - less[i]!)));

  const examples = lines<ExampleRecord>(out, 'examples.jsonl').sort((a, b) => a.index - b.index);
  const right = (setting: string) =>
    examples.filter(each => each.setting === setting).map(({ gold, predicted }) => gold === predicted);
  const [zeroShot, inContext, finetuned] = ['zero-shot', 'in-context', 'finetuned'].map(right);
  const alone = (a: readonly boolean[], b: readonly boolean[]) => a.filter((each, i) => each && !b[i]).length;
  expect(result.accuracyTests).toMatchObject([
    {
      ...{ first: 'in-context', second: 'zero-shot' },
      ...{ onlyFirst: alone(inContext!, zeroShot!), onlySecond: alone(zeroShot!, inContext!) },
    },
    { first: 'finetuned', second: 'zero-shot' },
    {
      ...{ first: 'finetuned', second: 'in-context' },
      ...{ onlyFirst: alone(finetuned!, inContext!), onlySecond: alone(inContext!, finetuned!) },
    },
  ]);
  const p = inContext!.filter(Boolean).length / 12;
  const [centre, scale] = [p + 1.96 ** 2 / 24, 1 + 1.96 ** 2 / 12];
  const half = 1.96 * Math.sqrt((p * (1 - p)) / 12 + 1.96 ** 2 / 576);
  expect(result.accuracyIntervals['in-context']).toEqual({
    low: expect.closeTo((centre - half) / scale, 4),
    high: expect.closeTo((centre + half) / scale, 4),
  });
  const strata = result.rec2ftp.strata!;
  const total = (name: 'n' | 'both' | 'finetuned') => strata.reduce((sum, each) => sum + each[name], 0);
  expect([total('n'), total('both'), total('finetuned')]).toEqual([
    zeroShot!.filter(each => !each).length,
    result.rec2ftp.numerator,
    result.rec2ftp.denominator,
  ]);
});

test('the size of a batch moves results by rounding only', async () => {
  const run = (batchSize: number) => runExperiment({ ...tinyRun, batchSize, out: join(scratch(), 'run') });
  const [one, many] = await Promise.all([run(1), run(12)]);
  expect(one.result.signature).not.toBe(many.result.signature);
  expect(one.result.accuracy).toEqual(many.result.accuracy);
  expect(one.result.simAOU.perLayer as number[]).toBeAllClose(many.result.simAOU.perLayer as number[], 1e-4);
});

test('momentum attention is another model of the same weights: another signature, other numbers', async () => {
  const wishes = { ...tinyRun, shots: 4, limit: 6 };
  const plain = await runExperiment({ ...wishes, out: scratch() });
  const moving = await runExperiment({ ...wishes, momentum: 0.5, out: scratch() });
  expect(moving.result.signature).not.toBe(plain.result.signature);
  expect(moving.result.model).toEqual({ ...plain.result.model, family: 'momentum_llama' });
  expect(moving.result.finetuning!.losses).not.toEqual(plain.result.finetuning!.losses);
});

test('what is odd about the rows of a task is told', async () => {
  const warnings: string[] = [];
  const folder = scratch();
  const rows = ['ab', 'cd', 'ef', 'gh', 'ij', 'kl'].map(text => JSON.stringify({ text, label: 0 }));
  writeFileSync(join(folder, 'odd.jsonl'), rows.join('\n'));
  writeFileSync(join(folder, 'odd.task.json'), JSON.stringify({ template: '{text} is', labels: ['a', 'b'], shots: 2 }));
  const task = join(folder, 'odd.jsonl');
  await runExperiment({ ...tinyRun, task, out: join(folder, 'run'), onWarning: warning => warnings.push(warning) });
  expect(warnings).toContain('task odd: no evaluation row has the label "b"');
});

test('a rate that is too high is a line for the user', async () => {
  const run = runExperiment({ ...tinyRun, learningRate: 1e39, out: join(scratch(), 'run') });
  await expect(run).rejects.toThrow(/diverged.*learning rate below 1e\+39/);
});

test('progress: every stage ends at its total, which never changes', async () => {
  const events: Progress[] = [];
  await runExperiment({ ...tinyRun, out: join(scratch(), 'run'), onProgress: event => events.push(event) });
  for (const stage of ['prefix', 'finetuning', 'evaluation'] as const) {
    const of = events.filter(event => event.stage === stage);
    expect(of[0]!.done).toBe(0);
    expect(of.at(-1)!.done).toBe(of[0]!.total);
    expect(new Set(of.map(({ total }) => total)).size).toBe(1);
    expect(of.map(({ done }) => done)).toEqual(of.map(({ done }) => done).sort((a, b) => a - b));
  }
});

test('the estimate counts the tokens that the run feeds', async () => {
  const out = join(scratch(), 'run');
  const { stages, total, memoryBytes, signature, speed } = await estimateRun({ ...tinyRun, out, speed: null });
  const { timing, result } = await runExperiment({ ...tinyRun, out });
  expect(signature).toBe(result.signature);
  expect(speed).toBeNull();
  for (const [stage, { tokens, seconds }] of Object.entries(stages)) {
    expect(seconds).toBeNull();
    expect([stage, tokens]).toEqual([stage, timing.tokens[stage as keyof typeof timing.tokens]]);
  }
  expect(total.tokens).toBe(Object.values(timing.tokens).reduce((sum, tokens) => sum + tokens));
  expect(memoryBytes).toBeGreaterThan(100e6);
});

describe('an estimate in seconds', () => {
  const HEAD_WIDTH = 8;
  /** Two layers, keys and values, from 32 to two heads. */
  const KEY_VALUE_WEIGHTS = 2 * 2 * 32 * 2 * HEAD_WIDTH;
  const WEIGHTS = 26_816;
  const instant: Speed = {
    device: 'cpu',
    gigaflops: Number.POSITIVE_INFINITY,
    gigabytes: Number.POSITIVE_INFINITY,
    gigascores: Number.POSITIVE_INFINITY,
    gradientPasses: 2,
    steppedGigabytes: Number.POSITIVE_INFINITY,
    loadedGigabytes: Number.POSITIVE_INFINITY,
    fileGigabytes: Number.POSITIVE_INFINITY,
    diskGigabytes: Number.POSITIVE_INFINITY,
    startSeconds: 0,
    openSeconds: 0,
  };
  const at = (slow: Partial<Speed>, more = {}) => estimateRun({ ...tinyRun, ...more, speed: { ...instant, ...slow } });
  const stagesAt = async (slow: Partial<Speed>) => (await at(slow)).stages;

  test.each([
    ['gigaflops', ({ flops, scores }) => flops - 4 * HEAD_WIDTH * scores],
    ['gigabytes', ({ weights }) => 4 * weights],
    ['gigascores', ({ scores }) => scores],
    ['steppedGigabytes', ({ steps }) => 4 * KEY_VALUE_WEIGHTS * steps],
  ] as const satisfies [keyof Speed, (work: Work) => number][])('is work over speed: %s', async (name, amount) => {
    const { load, metrics, ...stages } = await stagesAt({ [name]: 1e-6 });
    for (const [stage, work] of Object.entries(stages)) {
      expect(work.seconds, stage).toBeCloseTo(amount(work) / 1e3, 6);
    }
  });

  test('of finetuning grows with what a gradient takes more than a pass', async () => {
    const at = (gradientPasses: number) => stagesAt({ gigaflops: 1e-6, gradientPasses });
    const [two, three] = [await at(2), await at(3)];
    expect(three.finetuning.seconds! / two.finetuning.seconds!).toBeCloseTo(1.5, 6);
    expect(three.finetuned).toEqual(two.finetuned);
  });

  test('of loading is what is read, processes and sessions', async () => {
    const seconds = async (slow: Partial<Speed>) => (await stagesAt(slow)).load.seconds!;
    expect(await seconds({})).toBe(0);
    expect(await seconds({ loadedGigabytes: 1e-6 })).toBeCloseTo((4 * KEY_VALUE_WEIGHTS) / 1e3, 6);
    expect(await seconds({ startSeconds: 1 })).toBe(7);
    // Prefix twice, gradient and observation.
    expect(await seconds({ openSeconds: 1 })).toBe(4);
  });

  test('counts the file once, or in every pass where prefix does not hold it', async () => {
    const reading = { fileGigabytes: 1e-6, diskGigabytes: 1e-6 };
    const once = await at(reading);
    const again = await at(reading, { machineBytes: 200e6 });
    expect([once.streamed, again.streamed]).toEqual([false, true]);
    expect(again.memoryBytes).toBe(200e6);
    expect(once.stages['zero-shot'].seconds).toBe(0);
    expect(again.stages.load.seconds).toBe(0);
    const passes = again.stages['zero-shot'].weights / WEIGHTS;
    expect(again.stages['zero-shot'].seconds).toBeCloseTo(passes * once.stages.load.seconds!, 6);
  });

  test('counts little of the file less where memory holds most of it', () => {
    expect([-1, 0, 50, 99, 100].map(room => shareFromDisk(100, room))).toEqual([1, 1, 0.9, 0.802, 0]);
  });

  test('is measured on the model itself', async () => {
    const { speed, total } = await estimateRun(tinyRun);
    const { device, ...rates } = speed!;
    expect(device).toBe('cpu');
    for (const [name, rate] of Object.entries(rates)) expect(rate, name).toBeGreaterThan(0);
    expect(total.seconds).toBeGreaterThan(0);
  });
});

test('the estimated disk is what the run folder takes', async () => {
  const out = join(scratch(), 'run');
  const { diskBytes } = await estimateRun({ ...tinyRun, out, speed: null });
  await runExperiment({ ...tinyRun, out });
  const bytes = readdirSync(out).reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
  expect(Math.abs(diskBytes / bytes - 1)).toBeLessThan(0.25);
});
