/** @file Every call of the file system that real jobs make fails in turn, and every job is killed in each of its calls. */
import { afterAll, describe, expect, test } from 'vitest';
import { type JobName, jobs } from './jobs.ts';
import { meetFault, withoutFault } from './points.ts';

let points = 0;
afterAll(() => console.log(`${points} points`));

const names = Object.keys(jobs) as JobName[];
const errors = ['full', 'EIO', 'EMFILE'] as const;

describe.each(names)('%s', job => {
  test('every call fails in turn', async () => {
    const { calls, files } = await withoutFault(job);
    expect(calls).toBeGreaterThan(20);
    for (let at = 1; at <= calls; at++) await meetFault(job, { at, what: errors[at % errors.length]! }, files);
    points += calls;
  });

  test('killed in every call', async () => {
    const { calls, files } = await withoutFault(job);
    for (let at = 1; at <= calls; at++) await meetFault(job, { at, what: 'kill' }, files);
    points += calls;
  });
});
