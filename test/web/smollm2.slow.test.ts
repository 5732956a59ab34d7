import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { EMBEDDED_MODELS, locateEmbedded } from '../../src/checkpoint/models.ts';
import type { Browser } from '../devices/browser.ts';
import { hasBrowser, sharedBrowser } from '../devices/devices.ts';
import { bounds } from '../reference/golden.ts';
import { scratchRuntime } from '../scratch-runtime.ts';
import type { Computed } from './app.ts';
import { ASKED, computeOnCpu, inPage } from './compute.ts';

describe.skipIf(!hasBrowser())('the embedded model in a page', () => {
  const scratch = scratchRuntime();
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  test('computes what the CPU computes', async () => {
    const { file } = locateEmbedded(EMBEDDED_MODELS[0]!);
    browser.serve('/model.gguf', new Uint8Array(readFileSync(file)));
    const actual = await inPage<Computed>(browser, 'compute', { weights: '/model.gguf', from: 'kept copy' }, ASKED);
    const expected = await computeOnCpu(scratch.runtime, file, ASKED);
    // Each may be as far from exact numbers as `deep` says.
    const tolerance = 2 * bounds.deep;
    expect(actual.digest).toBe(expected.digest);
    expect(actual.logProbabilities).toBeRelativelyClose(expected.logProbabilities, tolerance);
    expect(actual.losses).toBeRelativelyClose(expected.losses, tolerance);
    for (const [i, { name, data }] of expected.trace.entries()) {
      expect(actual.trace[i]!.data, name).toBeRelativelyClose(data, tolerance);
    }
  });
});
