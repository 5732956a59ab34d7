/** @file A study on a disk that is full, or read-only. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { armStore } from '../../src/study/evidence/arm-store.ts';
import { planStudy } from '../../src/study/evidence/plan-study.ts';
import { type EvidenceOptions, runEvidence } from '../../src/study/evidence/run-study.ts';
import { canMount, mount, newDisk } from '../cell/small-disk.ts';
import { LETTERS, scratch, TINY_MODEL } from '../run/tiny.ts';

const wishes = {
  ...{ preset: 'quick', model: TINY_MODEL, tasks: [LETTERS], learningRate: 0.1 },
  ...{ shots: 4, rows: 4, behaviourRows: 6 },
} as const satisfies EvidenceOptions;

const run = (out: string) => runEvidence({ ...wishes, threads: 1, out });
const resultOf = (out: string) => readFileSync(join(out, 'result.json'), 'utf8');

/** Reads all stored arms, which throws where one is not as it was written. */
async function storedArms(out: string): Promise<number> {
  const { plan } = await planStudy(wishes);
  const arms = join(out, 'letters', 'arms');
  const names = readdirSync(arms).filter(name => name.endsWith('.json'));
  const ids = plan.tasks[0]!.arms.filter(id => names.includes(`${id.replaceAll('/', '-')}.json`));
  for (const id of ids) await armStore(arms, plan.sizes, plan.tasks[0]!).read(id);
  expect(ids).toHaveLength(names.length);
  return ids.length;
}

describe.skipIf(!canMount())('a disk', () => {
  test('that is full, then read-only: one clear line each, no half arm, and the study goes on with space', async () => {
    const whole = scratch();
    await run(whole);
    const { disk, out } = newDisk();
    await expect(run(out)).rejects.toThrow(/: the disk is full; free some space/);
    const stored = await storedArms(out);
    expect(stored).toBeGreaterThan(3);
    expect(mount('remount,ro,size=8m', disk)).toBe(true);
    await expect(run(out)).rejects.toThrow(/: the file system is read-only; choose another place/);
    expect(await storedArms(out)).toBe(stored);
    expect(mount('remount,rw', disk)).toBe(true);
    const { arms } = await run(out);
    expect(arms).toMatchObject({ found: stored, missing: [] });
    expect(resultOf(out)).toBe(resultOf(whole));
    expect(readdirSync(out).sort()).toEqual(readdirSync(whole).sort());
  });
});
