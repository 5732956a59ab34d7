/** @file Every call of the file system that real jobs make fails in turn, and every job is killed in each of its calls. */
import { afterAll, describe, expect, test } from 'vitest';
import type { JobName } from './jobs.ts';
import { meetError, meetKills, withoutFault } from './points.ts';

const points: Record<string, number> = {};
afterAll(() => console.log('Points tried:', JSON.stringify(points)));

const errors = ['full', 'EIO', 'EMFILE'] as const;

describe.each<JobName>(['run', 'train', 'evidence', 'sweep'])('%s', job => {
  test('every call fails in turn', async () => {
    const { calls, files } = await withoutFault(job);
    expect(calls).toBeGreaterThan(20);
    for (let at = 1; at <= calls; at++) await meetError(job, { at, what: errors[at % errors.length]! }, files);
    points[`${job}, failing`] = calls;
  });

  test('killed in every call', async () => {
    const { files } = await withoutFault(job);
    points[`${job}, killed`] = await meetKills(job, files);
  });
});
