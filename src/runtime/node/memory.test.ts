import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { tinyOnnx } from '../../../test/tiny-onnx.ts';
import type { Runtime, TensorData } from '../runtime.ts';
import { memoryOf, ownMemory } from './memory.ts';
import { openRuntime, withRuntime } from './open-runtime.ts';

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

test('1000 runs of one session keep the memory of the process bounded, and their time is counted', async () => {
  const negation = tinyOnnx({
    inputs: { x: { dims: ['n'] } },
    outputs: { negated: { dims: ['n'] } },
    nodes: [['Neg', ['x'], ['negated']]],
  });
  const runtime = await openRuntime();
  const session = await runtime.openSession({ name: 'negation', model: negation });
  const x = await runtime.upload('x', { type: 'float32', dims: [1 << 18], data: new Float32Array(1 << 18) });
  let graphSeconds = 0;
  const run = async () => {
    const { kept, seconds } = await runtime.run(session, { doing: 'a run', feeds: { x }, keep: ['negated'] });
    graphSeconds += seconds;
    await runtime.release([kept.negated!]);
  };
  for (let i = 0; i < 300; i++) await run();
  const warm = (await runtime.usage()).peakResidentBytes;
  for (let i = 0; i < 700; i++) await run();
  const usage = await runtime.usage();
  await runtime.close();
  expect(usage).toMatchObject({ sessions: 1, handles: 1, graphSeconds });
  // 700 outputs are 700 MiB.
  expect(usage.peakResidentBytes - warm).toBeLessThan(100 * mebibyte);
});

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
  // Thirty processes take a minute on a busy machine.
}, 300_000);

test('memory of a process is read from the system', () => {
  const { residentBytes, peakResidentBytes } = ownMemory();
  expect(residentBytes).toBeGreaterThan(20 * mebibyte);
  expect(residentBytes / process.memoryUsage.rss()).toBeCloseTo(1, 0);
  expect(peakResidentBytes).toBeGreaterThanOrEqual(residentBytes);
  // What the system counts begins with the parent's memory at the time of the fork, so that it
  // bounds from above alone.
  expect(peakResidentBytes).toBeLessThan(1.1 * process.resourceUsage().maxRSS * 1024);
  expect(memoryOf(2 ** 30)).toBeUndefined();
});
