import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TensorData } from '../../runtime/runtime.ts';
import type { Feeds } from '../../train/objective.ts';
import type { Trainer } from '../../train/trainer.ts';
import { taskNames } from './plan.ts';
import { planStudy } from './plan-study.ts';
import type { Trained, Trainee } from './trainee.ts';
import { makeTrainees } from './trainees.ts';

const scratch = mkdtempSync(join(tmpdir(), 'dualform-trainees-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const text = join(scratch, 'text.txt');
writeFileSync(text, Array.from({ length: 200 }, (_, i) => `word ${(i * 7) % 13} and ${i}\n`).join(''));

let trainees: readonly Trainee[];
beforeAll(async () => {
  const small = {
    batch: 3,
    tests: 5,
    hiddenSize: 8,
    corpus: [text],
    vocabulary: 260,
    context: 8,
    evaluationTokens: 48,
    classify: [],
  };
  trainees = makeTrainees(await planStudy(small));
});
const of = (task: string) => trainees.find(trainee => trainee.task === task)!;

/** A model that answers each batch as it is told to. */
function answering(answer: (feeds: Feeds) => Record<string, Float32Array>): Trained {
  const trainer: Pick<Trainer, 'evaluate'> = {
    evaluate: async feeds =>
      Object.fromEntries(
        Object.entries(answer(feeds)).map(([name, data]): [string, TensorData] => [
          name,
          { type: 'float32', dims: [data.length], data },
        ]),
      ),
  };
  return { trainer, momentum: undefined } as unknown as Trained;
}

describe.each(taskNames.map(task => [task]))('%s', task => {
  test('a batch is a function of seed and step', () => {
    const { batch } = of(task);
    expect(batch(1, 4)).toEqual(batch(1, 4));
    expect(batch(1, 4)).not.toEqual(batch(1, 5));
    expect(batch(1, 4)).not.toEqual(batch(2, 4));
  });

  test('weights sum to one', () => {
    const { weights } = of(task).batch(1, 0);
    expect(Array.from(weights!.data).reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
  });
});

describe('linear regression', () => {
  test('inputs and answers alternate; predictions are at inputs only', () => {
    const { vectors, answers, weights } = of('linear-regression').batch(1, 0);
    const [B, T, hiddenSize] = vectors!.dims as [number, number, number];
    expect([B, T, hiddenSize]).toEqual([3, 17, 3]);
    for (let b = 0; b < B; b++) {
      for (let t = 0; t < T; t++) {
        const vector = vectors!.data.slice((b * T + t) * hiddenSize, (b * T + t + 1) * hiddenSize);
        const isInput = t % 2 === 0;
        expect(weights!.data[b * T + t]! > 0).toBe(isInput);
        if (isInput) expect(vector[2]).toBe(0);
        else expect(Array.from(vector)).toEqual([0, 0, answers!.data[b * T + t - 1]]);
      }
    }
  });

  test('is evaluated by squared errors', async () => {
    const { measure, baselines } = of('linear-regression');
    const right = await measure(answering(({ answers }) => ({ predictions: Float32Array.from(answers!.data) })));
    expect(right.measures['linear-regression']).toBeLessThan(1e-12);
    const zero = await measure(answering(({ answers }) => ({ predictions: new Float32Array(answers!.data.length) })));
    const { measures, curves } = baselines().find(({ name }) => name === 'predicting 0')!;
    expect(zero.measures['linear-regression.last']).toBeCloseTo(measures['linear-regression.last']!, 6);
    expect(zero.curves.errors as number[]).toBeAllClose(curves.errors as number[], 1e-6);
  });
});

describe.each([['associative-recall'], ['key-value-lookup'], ['markov-chain']])('%s is evaluated', task => {
  /** Scores that are highest at the target, losses of 1 where something is asked. */
  const knowing = ({ targets, weights }: Feeds) => {
    const places = targets!.data.length;
    const vocabulary = task === 'associative-recall' ? 16 : task === 'key-value-lookup' ? 14 : 3;
    const logits = new Float32Array(places * vocabulary);
    targets!.data.forEach((target, place) => {
      logits[place * vocabulary + target] = 1;
    });
    return { logits, losses: Float32Array.from(weights!.data, weight => (weight > 0 ? 1 : 1000)) };
  };

  test('at its questions only', async () => {
    const { measures } = await of(task).measure(answering(knowing));
    expect(measures[task]).toBe(1);
  });

  test('by its answers (equal scores are no answer), a chain by its losses', async () => {
    const { measures } = await of(task).measure(
      answering(feeds => {
        const { logits, losses } = knowing(feeds);
        return { logits: new Float32Array(logits.length), losses: losses.map(loss => 2 * loss) };
      }),
    );
    expect(measures[task]).toBe(task === 'markov-chain' ? 2 : 0);
  });
});

describe('language', () => {
  test('is evaluated on the same tokens at a quarter, a half, three quarters and all of the context', async () => {
    const seen: Record<number, number[]> = {};
    const { measures, curves } = await of('language').measure(
      answering(({ tokens, targets }) => {
        const [, T] = tokens!.dims as [number, number];
        seen[T] = [...(seen[T] ?? []), ...targets!.data];
        return { losses: new Float32Array(tokens!.data.length).fill(Math.log(T)) };
      }),
    );
    expect(Object.keys(seen)).toEqual(['2', '4', '6', '8']);
    expect(seen[2]!.length).toBe(48);
    expect(seen[4]).toEqual(seen[2]);
    expect(seen[6]).toEqual(seen[2]);
    // The training text comes behind the validation text.
    expect(seen[8]!.slice(0, 48)).toEqual(seen[2]);
    expect(seen[8]!.length).toBe(96);
    expect(curves.validation as number[]).toBeAllClose([2, 4, 6, 8], 1e-5);
    expect(measures.training).toBeCloseTo(8, 5);
  });
});
