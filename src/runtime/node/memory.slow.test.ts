import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { tinyOnnx } from '../../../test/tiny-onnx.ts';
import type { Runtime, TensorData } from '../runtime.ts';
import { memoryOf } from './memory.ts';
import { withRuntime } from './open-runtime.ts';

const mebibyte = 2 ** 20;
const width = 1024;

/** product = x w, [rows,1024] x [1024,1024]: 4 MiB of weights inside the model. */
const model = tinyOnnx({
  inputs: { x: { dims: ['rows', width] } },
  outputs: { product: { dims: ['rows', width] } },
  nodes: [['MatMul', ['x', 'w'], ['product']]],
  weights: { w: { dims: [width, width], values: new Array(width * width).fill(0.5) } },
});

async function round(runtime: Runtime): Promise<void> {
  const session = await runtime.openSession({ name: 'product', model, prepack: true });
  // Lengths differ from round to round, as those of queries do.
  const rows = 20 + Math.floor(Math.random() * 10);
  const x: TensorData = { type: 'float32', dims: [rows, width], data: new Float32Array(rows * width) };
  const request = { doing: 'a round', feeds: { x }, fetch: ['product'], keep: ['product'] };
  const { kept } = await runtime.run(session, request);
  await runtime.closeSession(session);
  await runtime.release(Object.values(kept));
}

test('30 runtimes one after the other leave no process, and bounded memory', async () => {
  const pids: number[] = [];
  const resident: number[] = [];
  for (let i = 0; i < 30; i++) {
    await withRuntime({}, async runtime => {
      pids.push(runtime.pid);
      await round(runtime);
    });
    resident.push(process.memoryUsage.rss());
  }
  await sleep(50);
  const alive = pids.filter(pid => memoryOf(pid) !== undefined);
  expect(new Set(pids).size).toBe(30);
  expect(alive).toEqual([]);
  expect(Math.max(...resident.slice(10)) - Math.max(...resident.slice(0, 10))).toBeLessThan(64 * mebibyte);
});
