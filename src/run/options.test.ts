import { expect, test } from 'vitest';
import type { UserError } from '../error.ts';
import { type ExperimentOptions, readOptions } from './options.ts';
import { chosenNumbers } from './plan.ts';

const refusal = (options: object) => {
  try {
    readOptions(options as ExperimentOptions);
  } catch (error) {
    return error as UserError;
  }
  throw new Error('accepted');
};

const embedded = {
  name: 'any name',
  digest: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
};

test('defaults', () => {
  expect(readOptions({})).toEqual({
    task: 'sst2',
    model: 'smollm2-135m-instruct',
    template: 'code',
    tap: 'prompt-end',
    settings: ['zero-shot', 'in-context', 'finetuned'],
    steadyCheck: true,
    excludeLeaks: false,
    batchSize: 16,
  });
});

test('a preset observes at the label word unless a tap is given', () => {
  expect(readOptions({ preset: 'paper' }).tap).toBe('label');
  expect(readOptions({ preset: 'paper:2.7B', tap: 'prompt-end' }).tap).toBe('prompt-end');
});

test('a preset goes before what was tuned, what is given before a preset', () => {
  const paper = { seed: 5, learningRate: 0.25 };
  expect(chosenNumbers(readOptions({}), embedded, { name: 'mr' }, paper)).toEqual(paper);
  expect(chosenNumbers(readOptions({ seed: 0 }), embedded, { name: 'mr' }, paper)).toEqual({ ...paper, seed: 0 });
});

test('settings are in one order, each once', () => {
  expect(readOptions({ settings: ['finetuned', 'zero-shot', 'finetuned'] }).settings).toEqual([
    'zero-shot',
    'finetuned',
  ]);
});

test.each([
  [{ shots: -1 }, 'shots -1'],
  [{ shots: 1.5 }, 'shots 1.5'],
  [{ learningRate: 0 }, 'learningRate 0'],
  [{ learningRate: Number.POSITIVE_INFINITY }, 'learningRate Infinity'],
  [{ limit: 0 }, 'limit 0'],
  [{ tap: 'middle' }, 'tap middle'],
  [{ settings: ['zero-shot', 'best'] }, 'settings zero-shot,best'],
  [{ settings: [] }, 'settings'],
  [{ batchsize: 4 }, 'batchsize'],
  [{ preset: 'paper:1.7B' }, 'preset paper:1.7B'],
])('%o is refused by name', (options, name) => {
  const { message, option } = refusal(options);
  expect(message.startsWith(name)).toBe(true);
  expect(message).not.toContain('\n');
  expect(option).toBe(Object.keys(options)[0]);
});

test('a tuned model has its own seed and learning rate', () => {
  const { seed, learningRate } = chosenNumbers(readOptions({}), embedded, { name: 'mr' });
  expect(seed).toBeGreaterThan(0);
  expect(learningRate).toBeGreaterThan(0);
});

test('asked numbers go before tuned ones', () => {
  const options = readOptions({ seed: 0, learningRate: 0.5 });
  expect(chosenNumbers(options, embedded, { name: 'mr' })).toEqual({ seed: 0, learningRate: 0.5 });
});

test('any other model needs a learning rate where something is finetuned', () => {
  expect(() => chosenNumbers(readOptions({}), { name: 'mine', digest: '' }, { name: 'mr' })).toThrow(
    /^learningRate: .*mine.*mr/,
  );
  const options = readOptions({ settings: ['zero-shot', 'in-context'] });
  expect(chosenNumbers(options, { name: 'mine', digest: '' }, { name: 'mr' })).toEqual({ seed: 1, learningRate: null });
  expect(chosenNumbers(options, { name: 'constructor', digest: '' }, { name: 'toString' })).toEqual({
    seed: 1,
    learningRate: null,
  });
});
