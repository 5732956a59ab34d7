import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileNameOf } from '../../src/study/evidence/arm.ts';
import { readTaskData } from '../../src/study/evidence/read-study.ts';
import { runArms } from '../../src/study/evidence/run-arms.ts';
import { scratch } from '../run/tiny.ts';
import { tinyStudy } from './tiny-study.ts';

test('all arms of a study are computed and stored', async () => {
  const folder = scratch();
  const inputs = await tinyStudy();
  const [{ plan }] = inputs.tasks as [(typeof inputs.tasks)[number]];
  const status = await runArms(inputs, { folder, threads: 1 });
  expect(status).toEqual({ arms: plan.arms.length, found: 0, missing: [] });
  expect(readdirSync(folder)).toEqual(['letters']);
  expect(readdirSync(join(folder, 'letters'))).toEqual(['arms', 'matched-rates.json', 'tokens.jsonl']);
  const records = readdirSync(join(folder, 'letters', 'arms')).filter(name => name.endsWith('.json'));
  expect(new Set(records)).toEqual(new Set(plan.arms.map(id => `${fileNameOf({ id })}.json`)));
  const data = await readTaskData(folder, inputs.plan, plan);
  for (const id of plan.arms) {
    const arm = await data.arm(id);
    if ('why' in arm) expect(id).toMatch(/labels$/);
    else expect(arm.record.arm).toBe(id);
  }
});
