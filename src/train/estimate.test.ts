import { expect, test } from 'vitest';
import { tinyTraining } from '../../test/train/tiny.ts';
import { estimateTraining } from './estimate.ts';

test('counts the work of training', async () => {
  const { checkpointEvery, threads, ...options } = tinyTraining;
  const { parameters, stages, total, plan, memoryBytes } = await estimateTraining({
    ...options,
    accumulate: 2,
    calibrate: false,
  });
  const [L, D, F, V, T] = [2, 16, 64, 300, 16];
  const norms = 2 * D;
  const layer = 2 * norms + (3 * D * D + 3 * D) + (D * D + D) + (2 * D * F + F + D);
  expect(parameters).toBe(V * D + T * D + L * layer + norms);
  expect(stages.training.tokens).toBe(12 * 2 * 4 * T);
  // Two operations for each weight of a product, four for each entry of a head that a score and its
  // value take; thrice for the gradient.
  const products = stages.training.tokens * 2 * (L * (4 * D * D + 2 * D * F) + V * D);
  const attention = stages.training.tokens * L * T * 4 * D;
  expect(stages.training.flops).toBe(3 * (products + attention));
  expect(stages.training.seconds).toBeNull();
  // Three validations on the way, two at the end.
  expect(stages.validation.tokens).toBe(5 * plan.validation.sequences * T);
  expect(total.tokens).toBe(stages.training.tokens + stages.validation.tokens);
  expect(total.seconds).toBeNull();
  expect(memoryBytes).toBeNull();
});

test('estimates time, including checkpoints, and memory', async () => {
  const options = { ...tinyTraining, accumulate: 3, momentum: [0.1, 0.2] };
  const { stages, total, secondsOfBatch, memoryBytes } = await estimateTraining({ ...options, checkpointEvery: 12 });
  expect(secondsOfBatch).toBeGreaterThan(0);
  expect(stages.training.seconds).toBeCloseTo(12 * 3 * secondsOfBatch!, 10);
  expect(stages.validation.seconds).toBeGreaterThan(0);
  expect(total.seconds).toBeCloseTo(
    Object.values(stages).reduce((sum, { seconds }) => sum + seconds!, 0),
    10,
  );
  const { stages: often } = await estimateTraining({ ...options, checkpointEvery: 5 });
  expect(often.checkpoints.seconds).toBeCloseTo(3 * stages.checkpoints.seconds!, 10);
  // Two Node processes at least; tiny models add next to nothing.
  expect(memoryBytes).toBeGreaterThan(100e6);
  expect(memoryBytes).toBeLessThan(2e9);
});

test("the paper's model has 350 million parameters", async () => {
  const { parameters, plan } = await estimateTraining({ preset: 'paper-350m', calibrate: false });
  expect(plan.model.vocabulary).toBe(50_257);
  expect(Math.round(parameters / 1e6)).toBe(355);
});
