/**
 * @file What is left in the compute process when a command ends, above all when it fails: nothing
 * that nobody owns.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { openFolder } from '../src/checkpoint/sources/open-folder.ts';
import * as finetuneCommand from '../src/cli/finetune/action.ts';
import * as scoreCommand from '../src/cli/score/action.ts';
import type { Io } from '../src/cli/terminal/io.ts';
import * as traceCommand from '../src/cli/trace/action.ts';
import { type LoadedModel, loadModel } from '../src/model/loaded-model.ts';
import { computePrefix } from '../src/model/prefix.ts';
import { runExperiment } from '../src/run/run.ts';
import { scoreLabels } from '../src/run/score.ts';
import { tune } from '../src/run/tune/tune.ts';
import { openRuntime } from '../src/runtime/node/open-runtime.ts';
import type { Runtime } from '../src/runtime/runtime.ts';
import { releaseAfter } from '../src/runtime/scope.ts';
import { finetune } from '../src/setting/finetune.ts';
import { finetuned, inContext } from '../src/setting/setting.ts';
import { runTheory } from '../src/study/dual-form/run-theory.ts';
import { runMomentum } from '../src/study/momentum/run.ts';
import { trainModel } from '../src/train/run.ts';
import { tinyRun } from './run/tiny.ts';
import { tinyTraining } from './train/tiny.ts';

/**
 * The tensors that the work of each compute process left, `ended` where the process was gone
 * before.
 */
const left = vi.hoisted(() => [] as (readonly string[] | 'ended')[]);
/** Process ids of the compute processes. */
const running = vi.hoisted(() => [] as number[]);

vi.mock('../src/runtime/node/open-runtime.ts', async importOriginal => {
  const original = await importOriginal<typeof import('../src/runtime/node/open-runtime.ts')>();
  const withRuntime: typeof original.withRuntime = (options, work) =>
    original.withRuntime(options, async runtime => {
      running.push(runtime.pid);
      try {
        return await work(runtime);
      } finally {
        left.push(await runtime.tensors().catch(() => 'ended' as const));
      }
    });
  return { ...original, withRuntime };
});

const folder = mkdtempSync(join(tmpdir(), 'dualform-live-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => left.splice(0));
let folders = 0;
const out = () => join(folder, `run-${folders++}`);

const DIVERGING = 1e39;

describe('a model in a runtime', () => {
  async function withTiny(work: (model: LoadedModel, runtime: Runtime) => Promise<void>): Promise<void> {
    const runtime = await openRuntime({ threads: 1 });
    try {
      const checkpoint = await openFolder(tinyRun.model);
      // A long context, so that prefixes grow in several pieces.
      const config = { ...checkpoint.config, max_position_embeddings: 2048 };
      await work(await loadModel({ ...checkpoint, config }, runtime), runtime);
    } finally {
      await runtime.close();
    }
  }
  const sequence = [1, 2, 3, 4, 5];
  const unknown = [1, 2, 100_000];

  test('has only its own tensors, whatever failed', () =>
    withTiny(async (model, runtime) => {
      const own = Object.keys(model.pretrained);
      expect([...(await runtime.tensors())].sort()).toEqual([...own].sort());
      const failures: Readonly<Record<string, () => Promise<unknown>>> = {
        'a bad sequence in the middle': () => finetune(model, [sequence, unknown, sequence], { learningRate: 0.1 }),
        'a diverging rate': () => finetune(model, [sequence, sequence, sequence], { learningRate: DIVERGING }),
        'a callback that throws': () =>
          finetune(model, [sequence, sequence], {
            learningRate: 0.1,
            onStep: step => {
              if (step === 1) throw new Error('stop');
            },
          }),
        'a bad token in the second piece of a prefix': () =>
          computePrefix(model, [...Array<number>(300).fill(3), 100_000], model.pretrained),
        'a stop between two pieces of a prefix': () =>
          computePrefix(model, Array<number>(600).fill(3), model.pretrained, {
            onProgress: tokens => {
              if (tokens > 256) throw new Error('stop');
            },
          }),
        'a prompt that cannot be scored': () =>
          scoreLabels(model, { prefixTokens: sequence, prompt: unknown, labelTokens: [[5]] }),
        'a setting that fails after its finetuning': () =>
          releaseAfter(model, async owner => {
            const { projections } = await finetune(owner, [sequence], { learningRate: 0.1 });
            return finetuned(owner, 100_000, projections);
          }),
        'requests that are on their way next to the one that fails': () =>
          releaseAfter(model, async owner =>
            Promise.all([inContext(owner, unknown), inContext(owner, sequence), inContext(owner, sequence)]),
          ),
      };
      for (const [name, fail] of Object.entries(failures)) {
        await expect(fail(), name).rejects.toThrow();
        expect([...(await runtime.tensors())].sort(), name).toEqual([...own].sort());
        expect((await runtime.usage()).handles, name).toBe(own.length);
      }
    }));

  test('keeps the result of work that succeeds', () =>
    withTiny(async (model, runtime) => {
      const { projections } = await finetune(model, [sequence, sequence], { learningRate: 0.1 });
      const changed = Object.values(projections);
      expect(changed.every(runtime.has)).toBe(true);
      expect((await runtime.tensors()).length).toBe(2 * changed.length);
      const prefix = await computePrefix(model, Array<number>(600).fill(3), projections);
      expect((await runtime.tensors()).length).toBe(2 * changed.length + 2 * model.decoder.layers);
      expect(prefix.tokens.length).toBe(600);
    }));
});

describe('no tensors remain after a command', () => {
  const { learningRate: _, ...task } = tinyRun;

  test('run', async () => {
    await runExperiment({ ...tinyRun, limit: 4, out: out() });
    expect(left.splice(0)).toEqual([[]]);
    await expect(runExperiment({ ...task, learningRate: DIVERGING, limit: 4, out: out() })).rejects.toThrow(/diverged/);
    expect(left).toEqual([[]]);
  });

  test('run, stopped by a signal: its process has ended', async () => {
    const controller = new AbortController();
    const onProgress = ({ stage, done }: { stage: string; done: number }) => {
      if (stage === 'evaluation' && done > 0) controller.abort();
    };
    await expect(runExperiment({ ...tinyRun, out: out(), signal: controller.signal, onProgress })).rejects.toThrow(
      /interrupted/,
    );
    expect(left).toEqual(['ended']);
  });

  test('tune keeps only the model after rates that diverge', async () => {
    const own = [...(await openFolder(tinyRun.model)).tensors.keys()].filter(name => /[kv]_proj/.test(name));
    // One step: it diverges in the step itself, or after it, when prefix or rows are computed.
    const learningRates = [0.1, 1e36, 1e37, 1e38, DIVERGING];
    await tune({ ...task, batchSize: 4, seeds: [1, 2], shots: 1, rows: 8, learningRates });
    // Zero-shot, two seeds, five rates.
    expect(left.map(names => [...names].sort())).toEqual(Array(8).fill(own.sort()));
  });

  test('theory', async () => {
    const chapters = { chapters: ['2', '4'], learningRate: DIVERGING, out: out() } as const;
    const { batchSize: _, ...wishes } = task;
    await expect(runTheory({ ...wishes, ...chapters })).rejects.toThrow(/diverged/);
    expect(left).toEqual([[]]);
  });

  test('train', async () => {
    await expect(trainModel({ ...tinyTraining, learningRate: 1e38, out: out() })).rejects.toThrow(/diverged/);
    expect(left).toEqual([[]]);
  });

  test('momentum, models that diverge included', async () => {
    const { result } = await runMomentum({
      ...{ tasks: ['markov-chain'], etas: [0.5], seeds: [1, 2], learningRate: 1e37, threads: 1, out: out() },
      ...{
        steps: 6,
        batch: 4,
        tests: 6,
        layers: 1,
        heads: 2,
        hiddenSize: 8,
        length: 8,
        queries: 2,
        pairs: 3,
        examples: 3,
      },
    });
    expect(result.diverged.length).toBe(4);
    expect(left).toEqual(Array(4).fill([]));
  });

  test.each([
    ['finetune', finetuneCommand, { sequences: 'sequences.json', learningRate: 1e39 }],
    ['score', scoreCommand, { prompt: 'a', labels: 'b,c' }],
    ['trace', traceCommand, { tokens: [1, 2], prefixTokens: [3, 4] }],
  ] as const)('%s', async (name, { perform }, options) => {
    const file = join(folder, 'sequences.json');
    writeFileSync(file, '[[1,2,3],[4,5,6]]');
    const io: Io = {
      ...{ offline: true, threads: 1, device: undefined, signal: new AbortController().signal },
      ...{ progress: () => undefined, note: () => undefined, answer: () => undefined },
    };
    const given = { model: tinyRun.model, ...options, ...('sequences' in options && { sequences: file }) };
    const all = name === 'score' ? given : { ...given, out: `${out()}.safetensors` };
    const performed = perform({ options: all as never }, io);
    await (name === 'finetune' ? expect(performed).rejects.toThrow(/diverged/) : performed);
    expect(left).toEqual([[]]);
  });

  test('of a compute process that crashes, and of its replacement', async () => {
    let killed = false;
    const warnings: string[] = [];
    await runExperiment({
      ...{ ...tinyRun, limit: 8, out: out(), onWarning: warning => warnings.push(warning) },
      onProgress: ({ stage, done }) => {
        if (killed || stage !== 'evaluation' || done === 0) return;
        killed = true;
        process.kill(running.at(-1)!, 'SIGKILL');
      },
    });
    expect(warnings.some(warning => warning.includes('signal SIGKILL'))).toBe(true);
    expect(left).toEqual(['ended', []]);
  });
});
