import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { settingNames } from '../../src/setting/setting.ts';
import { readGoldenSst2, realFlips, runSst2, shortNames, worstLogProbability } from './golden-sst2.ts';

const folder = await mkdtemp(join(tmpdir(), 'dualform-sst2-'));
afterAll(() => rm(folder, { recursive: true }));

test('the embedded model answers the first 24 rows of SST-2 as torch does', async () => {
  const golden = await readGoldenSst2();
  const { result, of } = await runSst2(join(folder, 'run'), 24);
  expect(result.finetuning.losses).toBeAllClose(golden.losses, 1e-3);
  for (const setting of settingNames) {
    const records = of(setting);
    expect(records.length).toBe(24);
    expect(realFlips(records, golden.pred[shortNames[setting]])).toEqual([]);
    expect(worstLogProbability(records, golden.logp[shortNames[setting]])).toBeLessThan(1e-3);
  }
}, 300_000);
