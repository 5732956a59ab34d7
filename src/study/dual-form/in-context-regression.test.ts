import { expect, test } from 'vitest';
import { meanSquare } from '../../theory/in-context-regression.ts';
import { descentLosses, taskOf } from './in-context-regression.ts';

const quiet = { report: () => undefined };

test('streams have no common task', () => {
  const drawn = (['test', 'training', 'tuning'] as const).flatMap(stream =>
    Array.from({ length: 500 }, (_, i) => taskOf(stream, 1, i).answer),
  );
  expect(new Set(drawn).size).toBe(1500);
});

test('rates are chosen on the tuning tasks alone', async () => {
  const tasks = (stream: 'test' | 'tuning', count: number) =>
    Array.from({ length: count }, (_, i) => taskOf(stream, 1, i));
  const [tuning, test] = [tasks('tuning', 30), tasks('test', 30)];
  const losses = await descentLosses(tuning, test, quiet);
  // Rates chosen on the scored tasks fit these better; they are another choice.
  const ownRates = await descentLosses(test, test, quiet);
  for (const [i, loss] of losses.slice(1).entries()) expect(loss).toBeGreaterThan(ownRates[i + 1]!);
  // If the scored tasks had a say, the opposite answers would choose a rate near 0.
  const opposite = test.map(task => ({ ...task, answer: -task.answer }));
  for (const loss of await descentLosses(tuning, opposite, quiet)) {
    expect(loss).toBeGreaterThan(2 * meanSquare(test, () => 0));
  }
});
