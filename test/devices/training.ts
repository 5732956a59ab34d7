import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeFor } from '../../src/runtime/encode-for.ts';
import type { Runtime, TensorData } from '../../src/runtime/runtime.ts';
import { gptConfig, languageFeeds, languageModel } from '../../src/train/gpt.ts';
import { initialise } from '../../src/train/initialise.ts';
import { trainingGraph } from '../../src/train/trainer.ts';
import { evaluate } from '../reference/golden.ts';
import { value } from '../reference/interpreter.ts';
import type { Device } from './devices.ts';

/** A step of training equals the float64 reference. */
export function testTraining({ open, tolerance }: Device): void {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await open();
  });
  afterAll(() => runtime.close());

  test('a step of a model with learned momentum', async () => {
    const shape = { layers: 2, heads: 2, hiddenSize: 8, feedForward: 16, vocabulary: 11, context: 6 };
    const objective = languageModel(gptConfig({ ...shape, momentum: 'learned' }));
    const first = initialise(objective, 3);
    // Away from their trivial first values.
    const parameters = objective.parameters.map(({ name, shape }): [string, TensorData] => [
      name,
      { type: 'float32', dims: shape as number[], data: first[name]!.map((x, i) => x + 0.2 * Math.sin(2.1 * i)) },
    ]);
    const fed = languageFeeds([
      [1, 5, 3, 9, 2, 2],
      [4, 10, 0, 7, 7, 7],
    ]);
    const share: TensorData = { type: 'float32', dims: [1], data: Float32Array.of(1) };
    const feeds: Record<string, TensorData> = { ...Object.fromEntries(parameters), ...fed, share };
    const outputs = trainingGraph(objective, false);
    const session = await runtime.openSession({
      name: 'training',
      model: encodeFor(runtime.device, { name: 'training', outputs }),
    });
    const { fetched } = await runtime.run(session, { doing: 'a step', feeds, fetch: session.outputs });
    const values = Object.entries(feeds).map(([name, { dims, data }]) => [name, value(dims, data)]);
    const reference = evaluate(outputs, Object.fromEntries(values));
    expect(Object.keys(fetched).sort()).toEqual(Object.keys(reference).sort());
    for (const [name, { data }] of Object.entries(reference)) {
      const largest = Math.max(...data.map(Math.abs));
      expect(fetched[name]!.data, name).toBeAllClose(data, 10 * tolerance * largest);
    }
  });
}
