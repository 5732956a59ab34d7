/** @file Studies that are stopped at many points, and computed by several processes in other ways. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Progress } from '../../src/hooks.ts';
import { Interrupted } from '../../src/run/interrupted.ts';
import { runArms } from '../../src/study/evidence/run-arms.ts';
import { scratch } from '../run/tiny.ts';
import { digests, expectResumed, inProcess, wholeStudy } from './arms-at-once.ts';

const whole = wholeStudy();

test.each([1, 8, 50, 97])('killed at %i percent, a study resumes and ends with the same bytes', async percent => {
  const folder = scratch();
  expect(await inProcess({ folder }, ({ stage, done }) => stage === 'arms' && done >= percent)).toBeUndefined();
  await expectResumed(folder, whole);
});

test('stopped by its signal between the arms of a seed, it resumes with the arms that it has', async () => {
  const folder = scratch();
  const stop = new AbortController();
  const stored = () => readdirSync(folder, { recursive: true }).find(name => /out.F-1-same\.json$/.test(String(name)));
  const watch = setInterval(() => stored() && stop.abort(), 1);
  const error = await runArms(whole.inputs, { folder, threads: 1, signal: stop.signal }).catch(each => each);
  clearInterval(watch);
  expect(error).toBeInstanceOf(Interrupted);
  await runArms(whole.inputs, { folder, threads: 1 });
  expect(digests(folder)).toEqual(whole.digests);
});

test('stopped by its signal between cells, it resumes', async () => {
  const folder = scratch();
  for (const last of ['Z', 'F/1/random', 'U1:F/1/same']) {
    const stop = new AbortController();
    const onProgress = ({ detail }: Progress) => {
      if (detail?.endsWith(` ${last}`)) stop.abort();
    };
    const given = { folder, threads: 1, signal: stop.signal, onProgress };
    const error = await runArms(whole.inputs, given).catch(each => each);
    expect(error).toBeInstanceOf(Interrupted);
    expect(error.message).toMatch(/interrupted with \d+ of \d+ arms stored in/);
    expect(readdirSync(folder)).toEqual(['letters']);
  }
  await runArms(whole.inputs, { folder, threads: 1 });
  expect(digests(folder)).toEqual(whole.digests);
});

test('one shard says what the other has to do', async () => {
  const folder = scratch();
  const { arms, inputs } = whole;
  const { missing } = await runArms(inputs, { folder, threads: 1, shard: { index: 2, count: 2 } });
  expect(missing.length).toBeGreaterThan(arms / 3);
  expect(missing).toContainEqual({ task: 'letters', arm: 'Z' });
  const rest = await runArms(inputs, { folder, threads: 1, shard: { index: 1, count: 2 } });
  expect(rest).toMatchObject({ arms, found: arms - missing.length, missing: [] });
  expect(digests(folder)).toEqual(whole.digests);
});

test('processes that share a folder without shards share the work', async () => {
  const folder = scratch();
  const statuses = await Promise.all([inProcess({ folder }), inProcess({ folder })]);
  expect(statuses.some(status => status!.missing.length === 0)).toBe(true);
  expect(digests(folder)).toEqual(whole.digests);
});
