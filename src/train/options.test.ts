import { describe, expect, test } from 'vitest';
import { readTrainingOptions } from './options.ts';

describe('presets', () => {
  test('paper-350m is Table 10 of the paper', () => {
    const { layers, heads, hiddenSize, feedForward, context, batch, accumulate, ...numbers } = readTrainingOptions({
      preset: 'paper-350m',
    });
    expect([layers, heads, hiddenSize, feedForward, context]).toEqual([24, 16, 1024, 4096, 1024]);
    expect(batch * accumulate * context).toBe(512 * 1024);
    expect(numbers).toMatchObject({
      ...{ steps: 500_000, warmUp: 20_000, learningRate: 3e-4, power: 1, clip: 2 },
      ...{ beta1: 0.9, beta2: 0.98, epsilon: 1e-6 },
      tokenizer: 'gpt2',
    });
  });

  test('every number can be given, the others stay', () => {
    const tiny = readTrainingOptions({});
    const { steps, warmUp, evaluateEvery, ...others } = readTrainingOptions({ steps: 50 });
    expect({ steps, warmUp, evaluateEvery }).toEqual({ steps: 50, warmUp: 5, evaluateEvery: 3 });
    expect(tiny).toMatchObject(others);
    expect(readTrainingOptions({ warmUp: 7, clip: 1 })).toEqual({ ...tiny, warmUp: 7, clip: 1 });
  });

  test('the feed-forward follows the hiddenSize unless it is given', () => {
    expect(readTrainingOptions({ hiddenSize: 64 }).feedForward).toBe(256);
    expect(readTrainingOptions({ hiddenSize: 64, feedForward: 100 }).feedForward).toBe(100);
  });

  test('momentum for all, for layers, for heads of each', () => {
    const shape = { layers: 2, heads: 2, hiddenSize: 8 };
    for (const momentum of [
      0.1,
      'learned',
      [0, 0.5],
      [
        [0.1, 0.2],
        [0.3, 0.4],
      ],
    ] as const) {
      expect(readTrainingOptions({ ...shape, momentum }).momentum).toEqual(momentum);
    }
    for (const momentum of [[0.1], [0.1, 0.2, 0.3], [[0.1, 0.2]], [[0.1], [0.2]]]) {
      expect(() => readTrainingOptions({ ...shape, momentum })).toThrow(
        /^momentum .*: must have an entry for each of 2 layers/,
      );
    }
  });

  test('a vocabulary of its own is trained with any preset', () => {
    const { tokenizer, vocabulary } = readTrainingOptions({ preset: 'paper-350m', vocabulary: 5000 });
    expect({ tokenizer, vocabulary }).toEqual({ tokenizer: undefined, vocabulary: 5000 });
  });
});
