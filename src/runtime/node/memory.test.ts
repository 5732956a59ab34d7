import { expect, test } from 'vitest';
import { tinyOnnx } from '../../../test/tiny-onnx.ts';
import { memoryOf, ownMemory } from './memory.ts';
import { openRuntime } from './open-runtime.ts';

const mebibyte = 2 ** 20;
test('500 runs of one session keep the memory of the process bounded, and their time is counted', async () => {
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
  for (let i = 0; i < 200; i++) await run();
  const warm = (await runtime.usage()).peakResidentBytes;
  for (let i = 0; i < 300; i++) await run();
  const usage = await runtime.usage();
  await runtime.close();
  expect(usage).toMatchObject({ sessions: 1, handles: 1, graphSeconds });
  // 300 outputs are 300 MiB.
  expect(usage.peakResidentBytes - warm).toBeLessThan(100 * mebibyte);
});

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
