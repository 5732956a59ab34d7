import { expect, test } from 'vitest';
import { computeLargeSweep } from './large-sweep.ts';
import { scratch } from './scratch.ts';
import { hasRedis, startRedis } from './servers.ts';

test.skipIf(!hasRedis)('100,000 cells: queue, status and table take minutes and little memory', async () => {
  const server = await startRedis();
  try {
    const { seconds, queueBytes, memoryBytes } = await computeLargeSweep(server.url, scratch(), 100_000);
    expect(queueBytes).toBeLessThan(300e6);
    expect(memoryBytes).toBeLessThan(2e9);
    for (const step of ['plan', 'again', 'status', 'table'] as const) expect(seconds[step]).toBeLessThan(300);
  } finally {
    await server.stop();
  }
});
