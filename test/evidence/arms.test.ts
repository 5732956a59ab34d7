/** @file Arms as they are stored, against settings that are made one by one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openFolder } from '../../src/checkpoint/sources/open-folder.ts';
import { readSafetensors } from '../../src/checkpoint/sources/read-safetensors.ts';
import { writeUntrained } from '../../src/checkpoint/untrained.ts';
import { kendall } from '../../src/metric/attention-to-training-tokens.ts';
import { NUDGE } from '../../src/metric/steadiness.ts';
import { updateSize } from '../../src/metric/update-size.ts';
import { type LoadedModel, loadModel, type Projections } from '../../src/model/loaded-model.ts';
import { observe } from '../../src/observe/observe.ts';
import { recordQueries } from '../../src/run/make-settings.ts';
import { finetune, finetuneInOneStep, finetuneLayerCausally, sequenceLosses } from '../../src/setting/finetune.ts';
import { randomStep, stepNorm } from '../../src/setting/random-step.ts';
import { finetuned, inContext, type Setting, zeroShot } from '../../src/setting/setting.ts';
import { fileNameOf, readArm } from '../../src/study/evidence/arm.ts';
import type { ArmData } from '../../src/study/evidence/arm-record.ts';
import { exportArm } from '../../src/study/evidence/export-arm.ts';
import type { MatchedRates } from '../../src/study/evidence/matched-rates.ts';
import { readTaskData } from '../../src/study/evidence/read-study.ts';
import { runArms } from '../../src/study/evidence/run-arms.ts';
import { seedStreams, untrainedStream } from '../../src/study/evidence/streams.ts';
import type { StudyInputs } from '../../src/study/evidence/study-inputs.ts';
import { heldOutDemonstrations } from '../../src/task/sequence.ts';
import { scratchRuntime } from '../scratch-runtime.ts';
import { tinyStudy } from './tiny-study.ts';

const scratch = scratchRuntime();
let inputs: StudyInputs;
let folder: string;

beforeAll(async () => {
  inputs = await tinyStudy();
  folder = join(scratch.folder, 'study');
  const { length: arms } = inputs.tasks[0]!.plan.arms;
  expect(await runArms(inputs, { folder, threads: 1 })).toMatchObject({ arms, found: 0, missing: [] });
});

interface TokenLine {
  readonly arm?: string;
  readonly kind: string;
  readonly tokens: readonly number[];
  readonly label?: number;
  readonly row?: number;
  readonly seed?: number;
}

function tokenLines(): readonly TokenLine[] {
  const text = readFileSync(join(folder, 'letters', 'tokens.jsonl'), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as TokenLine);
}

/** What `tokens.jsonl` says of an arm. */
function fed(id: string) {
  const own = tokenLines().filter(({ arm }) => arm === id);
  const steps = own.filter(({ kind }) => kind === 'finetuning');
  return {
    prefix: own.find(({ kind }) => kind === 'prefix')!.tokens,
    sequences: steps.map(({ tokens }) => tokens),
    labels: steps.map(({ label }) => label!),
    rows: steps.map(({ row }) => row!),
  };
}

async function stored(id: string): Promise<ArmData> {
  const [{ plan }] = inputs.tasks as [StudyInputs['tasks'][number]];
  const arm = await (await readTaskData(folder, inputs.plan, plan)).arm(id);
  if ('why' in arm) throw new Error(arm.why);
  return arm;
}

test('the folder holds the arms and nothing that only the computing needed', () => {
  const { arms } = inputs.tasks[0]!.plan;
  expect(readdirSync(folder)).toEqual(['letters']);
  expect(readdirSync(join(folder, 'letters'))).toEqual(['arms', 'matched-rates.json', 'tokens.jsonl']);
  const records = readdirSync(join(folder, 'letters', 'arms')).filter(name => name.endsWith('.json'));
  expect(new Set(records)).toEqual(new Set(arms.map(id => `${fileNameOf({ id })}.json`)));
});

describe('each arm, from the stored token ids alone', () => {
  const models = new Map<number, Promise<LoadedModel>>();
  function modelOf(initialisation: number): Promise<LoadedModel> {
    const open = async () => {
      const { checkpoint } = inputs.model;
      if (initialisation === 0) return loadModel(checkpoint, scratch.runtime);
      const drawn = join(scratch.folder, `untrained-${initialisation}`);
      await writeUntrained(checkpoint, drawn, { streamOf: name => untrainedStream(initialisation, name) });
      return loadModel(await openFolder(drawn), scratch.runtime);
    };
    if (!models.has(initialisation)) models.set(initialisation, open());
    return models.get(initialisation)!;
  }

  function matched(): MatchedRates {
    return JSON.parse(readFileSync(join(folder, 'letters', 'matched-rates.json'), 'utf8'));
  }

  const steps: Readonly<Record<string, { readonly rate: (rate: number) => number; readonly take: typeof finetune }>> = {
    nudged: { rate: rate => rate * NUDGE, take: finetune },
    'rate-0.25': { rate: rate => rate / 4, take: finetune },
    'rate-4': { rate: rate => rate * 4, take: finetune },
    batch: { rate: rate => rate, take: finetuneInOneStep },
    'layer-causal': { rate: () => matched().rates['layer-causal']!.learningRate, take: finetuneLayerCausally },
  };

  async function settingOf(id: string): Promise<{ readonly model: LoadedModel; readonly setting: Setting }> {
    const { setting, variant, seed, initialisation } = readArm(id);
    const model = await modelOf(initialisation);
    const { prefix, sequences } = fed(id);
    if (setting === 'zero-shot') return { model, setting: await zeroShot(model, prefix[0]!) };
    if (setting === 'in-context') return { model, setting: await inContext(model, prefix) };
    const { rate } = inputs.tasks[0]!.plan;
    const own = steps[variant!] ?? { rate: (of: number) => of, take: finetune };
    const isMatched = initialisation > 0 && variant === 'same';
    const learningRate = isMatched ? matched().rates['untrained-1']!.learningRate : own.rate(rate);
    const taken = await own.take(model, sequences, { learningRate });
    let projections: Projections = taken.projections;
    if (variant === 'random') projections = await randomStep(model, projections, seedStreams(seed!).random);
    const { record } = await stored(id);
    expect(record.learningRate).toBe(variant === 'random' ? null : learningRate);
    expect(record.losses).toBeAllClose(variant === 'random' ? [] : taken.losses, 1e-5);
    expect(record.step!.norm / (await stepNorm(model, projections))).toBeCloseTo(1, 5);
    return { model, setting: await finetuned(model, prefix[0]!, projections) };
  }

  test.each([
    'Z',
    ...['same', 'order', 'labels', 'tokens', 'task', 'shots-2'].flatMap(variant => [
      `I/3/${variant}`,
      `F/3/${variant}`,
    ]),
    ...['random', 'nudged', 'layer-causal', 'batch', 'rate-0.25', 'rate-4'].map(variant => `F/3/${variant}`),
    'F/1/same',
    'U1:Z',
    'U1:I/2/same',
    'U1:F/2/same',
    'U1:F/2/unmatched',
  ])('%s', async id => {
    const { record, attentionOutput, scores, offsets } = await stored(id);
    const { layers: L, heads: H, hiddenSize: D } = inputs.plan.sizes;
    const { setting: name, seed, variant, initialisation } = readArm(id);
    const model = initialisation === 0 ? 'trained' : 'untrained-1';
    expect(record).toMatchObject({ arm: id, setting: name, seed, variant, model });
    const lines = tokenLines();
    const queries = lines.filter(({ kind }) => kind === 'query');
    const labels = lines.filter(({ kind }) => kind === 'label').map(({ tokens }) => tokens[0]!);
    const made = await settingOf(id);
    const answers = initialisation === 0 && (variant === null || variant === 'same') ? 9 : 6;
    expect(record.logProbabilities).toHaveLength(answers);
    expect(offsets).toHaveLength(7);
    for (const [row, { tokens }] of queries.slice(0, answers).entries()) {
      const tap = tokens.length - 1;
      const taps = { attentionOutput: true, attentionScores: true };
      const {
        queries: [one],
      } = await observe(made.model, made.setting, [{ tokens, tap, reads: [tap] }], {
        ...{ labels, taps, doing: 'one query' },
      });
      expect(record.logProbabilities[row]).toBeAllClose(one!.logProbabilities[0]!, 1e-4);
      if (row >= 6) continue;
      expect(attentionOutput.slice(row * L * D, (row + 1) * L * D)).toBeAllClose(one!.attentionOutput!, 1e-4);
      const [from, to] = [offsets[row]!, offsets[row + 1]!];
      expect(to - from).toBe(tap + 1);
      const own = scores.slice(from * L * H, to * L * H);
      const turned = Float32Array.from(one!.attentionScores!, (_, i) => {
        const [head, t] = [Math.floor(i / (tap + 1)), i % (tap + 1)];
        return own[t * L * H + head]!;
      });
      expect(turned).toBeAllClose(one!.attentionScores!, 1e-4);
    }
  });

  test('the losses of held-out rows, and Kendall with its nulls, in F/d/same', async () => {
    const model = await modelOf(0);
    const [{ task, plan, sequences }] = inputs.tasks as [StudyInputs['tasks'][number]];
    const { tokenizer } = inputs.model;
    const { record } = await stored('F/2/same');
    const recorder = recordQueries(sequences[1]!, inputs.plan.sizes.layers);
    const learningRate = plan.rate;
    const { projections } = await finetune(model, fed('F/2/same').sequences, {
      learningRate,
      onQueries: recorder.onQueries,
    });
    const held = tokenLines().filter(({ kind, seed }) => kind === 'held-out' && seed === 2);
    const { bos } = inputs.plan;
    expect(held.map(({ tokens }) => tokens)).toEqual(
      heldOutDemonstrations({ task, tokenizer, bos, seed: 2, shots: plan.k }, 16).map(({ tokens }) => tokens),
    );
    const tokens = held.map(each => each.tokens);
    expect(record.heldOut!.before).toBeAllClose(await sequenceLosses(model, model.pretrained, tokens), 1e-5);
    expect(record.heldOut!.after).toBeAllClose(await sequenceLosses(model, projections, tokens), 1e-5);

    const settings = {
      untouched: await zeroShot(model, bos),
      inContext: await inContext(model, fed('I/2/same').prefix),
      finetuned: await finetuned(model, bos, projections),
    };
    const queries = tokenLines()
      .filter(({ kind }) => kind === 'query')
      .slice(0, 6);
    const observed = async (setting: Setting) => {
      const rows = queries.map(query => ({ tokens: query.tokens, tap: query.tokens.length - 1, reads: [0] }));
      const taps = { query: true, contextScores: true };
      return (await observe(model, setting, rows, { labels: [0], taps, doing: 'all queries' })).queries;
    };
    const [context, ...queried] = [
      await observed(settings.inContext),
      await observed(settings.finetuned),
      await observed(settings.untouched),
    ];
    const of = (which: number, shift = 0) =>
      context!.map(({ contextScores }, row) => {
        return kendall(contextScores!, queried[which]![(row + shift) % 6]!.query!, recorder.training);
      });
    const expected = { finetuned: of(0), untouched: of(1), permutedRows: of(0, 1) };
    for (const [name, rows] of Object.entries(record.kendall!)) {
      // Two tokens whose attention is equal to rounding may change places.
      expect((rows as number[][]).flat()).toBeAllClose((expected[name as 'untouched'] as number[][]).flat(), 0.02);
    }
    expect((await stored('F/2/order')).record).not.toHaveProperty('kendall');
    expect((await stored('U1:F/2/same')).record).not.toHaveProperty('heldOut');
  });
});

describe('the variants, from the stored token ids', () => {
  const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);

  test('order: one permutation in prefix and steps', () => {
    for (const seed of [1, 2, 3, 4]) {
      const [same, order] = [fed(`F/${seed}/same`), fed(`F/${seed}/order`)];
      expect(order.rows).not.toEqual(same.rows);
      expect(order.sequences).toEqual(order.rows.map(row => same.sequences[same.rows.indexOf(row)]));
      const { separator } = inputs.plan;
      const between = order.sequences.flatMap(([, ...tokens]) => [...tokens, ...separator]);
      expect(fed(`I/${seed}/order`).prefix).toEqual([inputs.plan.bos, ...between]);
    }
  });

  test('labels: their counts stay', () => {
    const [same, labels] = [fed('F/3/same'), fed('F/3/labels')];
    expect(labels.rows).toEqual(same.rows);
    expect(labels.labels).not.toEqual(same.labels);
    expect(sorted(labels.labels)).toEqual(sorted(same.labels));
    const words = tokenLines()
      .filter(({ kind }) => kind === 'label')
      .map(({ tokens }) => tokens[0]!);
    expect(labels.sequences).toEqual(
      same.sequences.map((tokens, step) => [...tokens.slice(0, -1), words[labels.labels[step]!]]),
    );
  });

  test('labels of a set with one label: no arm, and a reason', async () => {
    const [{ plan }] = inputs.tasks as [StudyInputs['tasks'][number]];
    const { arm } = await readTaskData(folder, inputs.plan, plan);
    const why = 'all demonstrations have one label';
    expect(await arm('F/1/labels')).toEqual({ arm: 'F/1/labels', why });
    expect(await arm('I/1/labels')).toEqual({ arm: 'I/1/labels', why });
    expect(tokenLines().some(line => line.arm === 'F/1/labels')).toBe(false);
  });

  test('tokens: their counts stay in each demonstration', () => {
    const [same, tokens] = [fed('F/2/same'), fed('F/2/tokens')];
    expect(tokens.sequences).not.toEqual(same.sequences);
    expect(tokens.sequences.map(sorted)).toEqual(same.sequences.map(sorted));
    expect(tokens.sequences.every(([first]) => first === inputs.plan.bos)).toBe(true);
    expect(sorted(fed('I/2/tokens').prefix)).toEqual(sorted(fed('I/2/same').prefix));
  });

  test('arms without demonstrations of their own feed those of the seed', () => {
    const { sequences } = fed('F/3/same');
    for (const variant of ['random', 'nudged', 'layer-causal', 'batch', 'rate-4']) {
      expect(fed(`F/3/${variant}`).sequences, variant).toEqual(sequences);
    }
    expect(fed('U1:F/3/unmatched').sequences).toEqual(sequences);
    expect(fed('F/3/shots-2').sequences).toEqual(sequences.slice(0, 2));
  });
});

describe('the sizes of steps', () => {
  test('a random step is as long as the step of its seed', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const [same, random] = [await stored(`F/${seed}/same`), await stored(`F/${seed}/random`)];
      expect(Math.abs(random.record.step!.norm / same.record.step!.norm - 1)).toBeLessThan(1e-6);
      expect(random.attentionOutput).not.toEqual(same.attentionOutput);
    }
  });

  test('matched rates give updates of the size of the target, on the pilot', async () => {
    const rates: MatchedRates = JSON.parse(readFileSync(join(folder, 'letters', 'matched-rates.json'), 'utf8'));
    expect(rates.pilot).toEqual({ seed: 1, demonstrations: 4, rows: 6 });
    expect(rates.target.learningRate).toBe(0.1);
    const { layers, hiddenSize } = inputs.plan.sizes;
    const pair = async (zero: string, first: string, second: string) => ({
      zeroShot: (await stored(zero)).attentionOutput,
      first: (await stored(first)).attentionOutput,
      second: (await stored(second)).attentionOutput,
    });
    const size = async (arms: Parameters<typeof pair>) => {
      return updateSize({ rows: 6, layers, hiddenSize }, [await pair(...arms)])!;
    };
    // With four demonstrations the arms of seed 1 are the pilot.
    expect(rates.target.size).toBeCloseTo(await size(['Z', 'I/1/same', 'F/1/same']), 5);
    const [causal, untrained] = [rates.rates['layer-causal']!, rates.rates['untrained-1']!];
    expect(causal.size).toBeCloseTo(await size(['Z', 'I/1/same', 'F/1/layer-causal']), 5);
    expect(untrained.size).toBeCloseTo(await size(['U1:Z', 'U1:I/1/same', 'U1:F/1/same']), 5);
    for (const { matched, size: found } of [causal, untrained]) {
      expect(matched).toBe(true);
      expect(Math.abs(Math.log(found! / rates.target.size))).toBeLessThan(0.25);
    }
  });
});

describe('the exported weights of an arm', () => {
  const exported = async (arm: string) => {
    const to = join(scratch.folder, 'exported', `${fileNameOf({ id: arm })}.safetensors`);
    await exportArm(inputs, { folder, arm, to, threads: 1 });
    return readSafetensors(to);
  };

  test('projections: with them the model gives the stored outputs', async () => {
    const model = await loadModel(inputs.model.checkpoint, scratch.runtime);
    for (const id of ['F/3/same', 'F/3/random', 'F/3/layer-causal']) {
      const tensors = await exported(id);
      expect(new Set(tensors.keys())).toEqual(new Set(Object.keys(model.pretrained)));
      const entries = [...tensors].map(async ([name, { shape, data }]) => {
        const tensor = { type: 'float32', dims: shape, data: data as Float32Array } as const;
        return [name, await scratch.runtime.upload(name, tensor)] as const;
      });
      const setting = await finetuned(model, inputs.plan.bos, Object.fromEntries(await Promise.all(entries)));
      const [{ tokens }] = tokenLines().filter(({ kind }) => kind === 'query') as [TokenLine];
      const query = { tokens, tap: tokens.length - 1, reads: [0] };
      const { queries } = await observe(model, setting, [query], {
        ...{ labels: [0], taps: { attentionOutput: true }, doing: 'one query' },
      });
      const { attentionOutput } = await stored(id);
      const own = queries[0]!.attentionOutput!;
      expect(attentionOutput.slice(0, own.length)).toBeAllClose(own, 1e-4);
    }
  });

  test('all weights of an untrained model', async () => {
    const tensors = await exported('U1:I/2/same');
    expect(new Set(tensors.keys())).toEqual(new Set(inputs.model.checkpoint.tensors.keys()));
    expect(readdirSync(join(scratch.folder, 'exported')).filter(name => name.startsWith('.'))).toEqual([]);
    expect(new Set((await exported('U1:F/2/same')).keys()).size).toBeLessThan(tensors.size);
  });

  test('an arm without weights of its own, or that there is not, is refused', async () => {
    await expect(exported('I/2/same')).rejects.toThrow('export I/2/same: has the weights of tiny-model');
    await expect(exported('F/9/same')).rejects.toThrow(
      'export F/9/same: the study has no such arm; name one as in F/1/same',
    );
    await expect(exported('F/1/labels')).rejects.toThrow('all demonstrations have one label');
  });
});
