import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { settingNames } from '../../src/setting/setting-name.ts';
import { logProbabilities, readGoldenSst2, realFlips, runSst2, SST2_BOUND, shortNames } from './golden-sst2.ts';

const folder = await mkdtemp(join(tmpdir(), 'dualform-sst2-'));
afterAll(() => rm(folder, { recursive: true }));

test('the embedded model answers the first 8 rows of SST-2 as torch does', async () => {
  const golden = await readGoldenSst2();
  const { result, of } = await runSst2(join(folder, 'run'), 8);
  expect(result.finetuning.losses).toBeRelativelyClose(golden.losses, SST2_BOUND);
  for (const setting of settingNames) {
    const records = of(setting);
    expect(records.length).toBe(8);
    expect(realFlips(records, golden.pred[shortNames[setting]])).toEqual([]);
    const { measured, expected } = logProbabilities(records, golden.logp[shortNames[setting]]);
    expect(measured).toBeRelativelyClose(expected, SST2_BOUND);
  }
}, 300_000);
