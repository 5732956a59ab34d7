import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { readTensor } from '../../src/checkpoint/sources/read-tensor.ts';
import { UserError } from '../../src/error.ts';
import { readDecoder } from '../../src/model/families/index.ts';
import { loadModel } from '../../src/model/loaded-model.ts';
import { emptyPrefix } from '../../src/model/prefix.ts';
import { trace } from '../../src/observe/trace.ts';
import { withRuntime } from '../../src/runtime/node/open-runtime.ts';
import { openTokenizer } from '../../src/tokenizer/tokenizer.ts';
import { splitCorpus } from '../../src/train/corpus.ts';
import { type TrainRun, trainModel } from '../../src/train/run.ts';
import { CORPUS, digests, logOf, scratch, shareTrainings, tinyTraining, wholeRun } from './tiny.ts';

const train = shareTrainings();

let run: TrainRun;
beforeAll(async () => {
  const whole = await wholeRun();
  run = whole.run;
  return whole.remove;
});

describe('a training run', () => {
  test('writes these files, and the same bytes when it is run again', async () => {
    const again = await trainModel({ ...tinyTraining, out: join(scratch(), 'run') });
    expect(digests(again.folder)).toEqual(digests(run.folder));
    expect(Object.keys(digests(run.folder))).toEqual([
      '.result.sha256',
      'config.json',
      'losses.svg',
      'model.safetensors',
      'plan.json',
      'result.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'train.jsonl',
    ]);
  });

  test('depends on the seed', async () => {
    const other = await trainModel({ ...tinyTraining, seed: 2, out: join(scratch(), 'run') });
    expect(other.result.signature).not.toBe(run.result.signature);
    expect(other.result.model.digest).not.toBe(run.result.model.digest);
  });

  test('does not depend on how often checkpoints are written', async () => {
    const other = await trainModel({ ...tinyTraining, checkpointEvery: 100, out: join(scratch(), 'run') });
    expect(digests(other.folder)).toEqual(digests(run.folder));
  });

  test('learns', () => {
    const losses = logOf(run.folder).flatMap(row => (row.loss === undefined ? [] : [row.loss]));
    expect(losses).toHaveLength(12);
    expect(losses[0]).toBeCloseTo(Math.log(300), 1);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.2);
  });

  test('writes a row for each step and each validation, with the rate of the schedule', () => {
    const rows = logOf(run.folder);
    expect(rows.filter(row => row.validationLoss !== undefined).map(({ step }) => step)).toEqual([4, 8, 12]);
    const rates = rows.flatMap(row => (row.learningRate === undefined ? [] : [row.learningRate]));
    expect(Math.max(...rates)).toBe(rates[0]);
    expect(rates.at(-1)).toBeCloseTo(rates[0]! / 11, 10);
  });

  test('of a finished folder is not computed again', async () => {
    const events: unknown[] = [];
    const again = await trainModel({ ...tinyTraining, out: run.folder, onProgress: event => events.push(event) });
    expect(again).toEqual({ ...run, found: 12 });
    expect(events).toEqual([]);
  });
});

/**
 * Mean loss over the validation sequences, from the folder alone: tokens of the text, logits of a
 * trace, plain arithmetic.
 */
async function lossByTrace(folder: string): Promise<number> {
  const checkpoint = await openCheckpoint(folder);
  const decoder = readDecoder(checkpoint.config, folder);
  const tokenizer = await openTokenizer(checkpoint.tokenizer!);
  const [text] = splitCorpus([readFileSync(CORPUS, 'utf8')], 0.1).validation;
  const stream = [0, ...tokenizer.encode(text!), 0];
  const T = decoder.context;
  return withRuntime({ threads: 1 }, async runtime => {
    const model = await loadModel(checkpoint, runtime);
    const setting = { prefix: emptyPrefix(decoder), projections: model.pretrained };
    let [sum, count] = [0, 0];
    for (let start = 0; start + T < stream.length; start += T) {
      const [logits] = await trace(model, setting, stream.slice(start, start + T), name => name === 'logits');
      for (let t = 0; t < T; t++) {
        const row = Array.from(logits!.data.subarray(t * decoder.vocabulary, (t + 1) * decoder.vocabulary));
        sum += Math.log(row.reduce((total, x) => total + Math.exp(x), 0)) - row[stream[start + t + 1]!]!;
        count++;
      }
    }
    return sum / count;
  });
}

describe('the folder is a model', () => {
  test('of family gpt2, whose loss on the validation text is the one of the result', async () => {
    const { predictions, model } = run.result;
    expect(model.family).toBe('gpt2');
    expect(await lossByTrace(run.folder)).toBeCloseTo(predictions.validation.loss, 4);
    expect(predictions.validation.perplexity).toBeCloseTo(Math.exp(predictions.validation.loss), 10);
  });

  test.each([[0.2, 0.5], 'learned'] as const)('with momentum %j, and the same loss', async momentum => {
    const { folder, result } = await train({ ...tinyTraining, momentum, out: join(scratch(), 'run') });
    expect(result.model.family).toBe('momentum');
    expect(await lossByTrace(folder)).toBeCloseTo(result.predictions.validation.loss, 4);
    if (momentum !== 'learned') return expect(result.model.learnedMomentum).toBeUndefined();
    const { tensors } = await openCheckpoint(folder);
    const logits = await readTensor(tensors.get('momentum.layers.1.logit')!);
    expect(result.model.learnedMomentum![1]).toEqual([...logits].map(logit => 1 / (1 + Math.exp(-logit))));
    // They moved from where they began, sigmoid(-2).
    expect(result.model.learnedMomentum!.flat()).not.toContain(1 / (1 + Math.exp(2)));
  });

  test('with momentum 0 it is the plain one, bit for bit', async () => {
    const { folder } = await train({ ...tinyTraining, momentum: 0, out: join(scratch(), 'run') });
    expect(digests(folder)['model.safetensors']).toBe(digests(run.folder)['model.safetensors']);
    expect(digests(folder)['train.jsonl']).toBe(digests(run.folder)['train.jsonl']);
  });

  test('bits per byte are the loss over the bytes of the text', () => {
    const { predictions, validation } = run.result;
    const bits = (predictions.validation.loss * validation.tokens) / Math.LN2;
    expect(predictions.validation.bitsPerByte).toBeCloseTo(bits / validation.bytes, 10);
  });
});

test('accumulated batches make the step of one large batch', async () => {
  const of = async (batch: number, accumulate: number) =>
    logOf((await train({ ...tinyTraining, steps: 4, batch, accumulate, out: join(scratch(), 'run') })).folder);
  const [large, accumulated] = [await of(8, 1), await of(2, 4)];
  const numbers = (rows: Record<string, number>[]) =>
    rows.flatMap(row => (row.loss === undefined ? [] : [row.loss, row.gradientNorm!]));
  expect(numbers(accumulated)).toBeAllClose(numbers(large), 1e-4);
});

describe('texts and tokenizer', () => {
  test('a validation text, separated documents, a given tokenizer', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'validation.txt'), readFileSync(CORPUS, 'utf8').slice(0, 600));
    const { result } = await train({
      ...tinyTraining,
      vocabulary: undefined,
      tokenizer: run.folder,
      documentSeparator: '',
      validation: [join(folder, 'validation.txt')],
      out: join(folder, 'run'),
    });
    expect(result.corpus).toMatchObject({ name: 'corpus.txt', part: [0, 1] });
    expect(result.corpus.documents).toBeGreaterThan(20);
    expect(result.validation).toMatchObject({ name: 'validation.txt', part: [0, 1], bytes: expect.any(Number) });
    expect(readFileSync(join(folder, 'run/tokenizer.json'))).toEqual(readFileSync(join(run.folder, 'tokenizer.json')));
  });

  const refused: [string, object, RegExp][] = [
    [
      'a corpus shorter than a sequence',
      { context: 10_000 },
      /tokens to train on are fewer than one sequence of 10001/,
    ],
    [
      'a validation text shorter than a sequence',
      { context: 700 },
      /tokens to validate on are fewer than one sequence/,
    ],
    ['a hiddenSize that heads do not divide', { heads: 3 }, /^heads 3: must divide `hiddenSize` 16/],
    ['eta of 1', { momentum: 1 }, /^momentum 1: must be a number from 0 to below 1/],
    ['a negative eta', { momentum: [0.5, -0.1] }, /^momentum 0.5,-0.1: must be a number from 0 to below 1/],
    ['an eta too many', { momentum: [0.1, 0.2, 0.3] }, /^momentum .*: must have an entry for each of 2 layers/],
    ['a vocabulary next to a tokenizer', { tokenizer: 'x' }, /^vocabulary 300: `tokenizer` excludes it/],
    ['a vocabulary without all bytes', { vocabulary: 100 }, /^vocabulary 100: must be from 257 to/],
    ['a tokenizer that is not there', { vocabulary: undefined, tokenizer: 'none' }, /none: there is no such file/],
    ['a warm-up without end', { warmUp: 12 }, /^warmUp 12: must be less than `steps` 12/],
    ['a misspelt option', { laers: 3 }, /^laers: unknown option; did you mean layers\?/],
  ];
  test.each(refused)('refuses %s before anything is written', async (_, change, message) => {
    const out = join(scratch(), 'run');
    const refused = await train({ ...tinyTraining, ...change, out }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UserError);
    expect((refused as UserError).message).toMatch(message);
    await expect(openCheckpoint(out)).rejects.toThrow(UserError);
  });
});
