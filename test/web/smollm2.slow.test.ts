/** @file The embedded model on the other devices: label log-probabilities, a step, and all tensors of a trace after it. */
import { expect, test } from 'vitest';
import { EMBEDDED_MODELS, locateEmbedded } from '../../src/checkpoint/models.ts';
import { openRuntime } from '../../src/runtime/node/open-runtime.ts';
import { hasBrowser, sharedBrowser } from '../devices/devices.ts';
import { hasVulkanDriver } from '../devices/swiftshader.ts';
import { bounds } from '../reference/golden.ts';
import { scratchRuntime } from '../scratch-runtime.ts';
import type { Computed } from './app.ts';
import { computeInNode, computeInPage, distance, EMBEDDED_ASKED } from './compute.ts';

const scratch = scratchRuntime();
const { file } = locateEmbedded(EMBEDDED_MODELS[0]!);

async function compare(actual: Computed): Promise<void> {
  const expected = await computeInNode(scratch.runtime, file, EMBEDDED_ASKED);
  expect(actual.digest).toBe(expected.digest);
  expect(actual.trace.map(({ name }) => name)).toEqual(expected.trace.map(({ name }) => name));
  // Each may be as far from exact numbers as `deep` says.
  for (const share of Object.values(distance(actual, expected))) expect(share).toBeLessThan(2 * bounds.deep);
}

test.runIf(hasBrowser()).each(['wasm', 'webgpu'] as const)(
  '%s in a page computes what the CPU computes',
  async device => {
    await compare(await computeInPage(await sharedBrowser(), file, device, EMBEDDED_ASKED));
  },
);

test.runIf(hasVulkanDriver())('webgpu in Node computes what the CPU computes', async () => {
  const runtime = await openRuntime({ device: 'webgpu', threads: 1 });
  try {
    await compare(await computeInNode(runtime, file, EMBEDDED_ASKED));
  } finally {
    await runtime.close();
  }
});
