import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { openRuntime } from '../src/runtime/node/open-runtime.ts';
import type { Runtime } from '../src/runtime/runtime.ts';

/** For all tests of a file: a folder, which holds the cache too, and a runtime on one thread. */
export function scratchRuntime(): { readonly folder: string; readonly runtime: Runtime } {
  const made = {} as { folder: string; runtime: Runtime };
  beforeAll(async () => {
    made.folder = mkdtempSync(join(tmpdir(), 'dualform-engine-'));
    vi.stubEnv('DUALFORM_CACHE', join(made.folder, 'cache'));
    made.runtime = await openRuntime({ threads: 1 });
  });
  afterAll(async () => {
    await made.runtime.close();
    vi.unstubAllEnvs();
    rmSync(made.folder, { recursive: true });
  });
  return made;
}
