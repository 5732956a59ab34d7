/** @file Studies that are killed, or computed by several processes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runArms } from '../../src/study/evidence/run-arms.ts';
import { scratch } from '../run/tiny.ts';
import { digests, expectResumed, inProcess, wholeStudy } from './arms-at-once.ts';

const whole = wholeStudy();

test('killed while it writes an untrained model, a study resumes and ends with the same bytes', async () => {
  const folder = scratch();
  expect(await inProcess({ folder }, ({ stage }) => stage === 'load')).toBeUndefined();
  await expectResumed(folder, whole);
});

test('two shards at once are the whole', async () => {
  const folder = scratch();
  const shards = [1, 2].map(index => inProcess({ folder, shard: { index, count: 2 } }));
  const statuses = await Promise.all(shards);
  expect(digests(folder)).toEqual(whole.digests);
  expect(statuses.some(status => status!.missing.length === 0)).toBe(true);
});

test('a folder with other token ids is refused', async () => {
  const folder = scratch();
  await runArms(whole.inputs, { folder, threads: 1, shard: { index: 100, count: 100 } });
  const file = join(folder, 'letters', 'tokens.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"tap":', '"tap": '));
  await expect(runArms(whole.inputs, { folder, threads: 1 })).rejects.toThrow(
    'tokens.jsonl: holds other token ids than this study feeds',
  );
});
