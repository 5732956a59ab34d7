/** @file Every call of the file system that a job makes fails in turn, and the job is killed in each. */
import { describe, expect, test } from 'vitest';
import { meetError, meetKills, withoutFault } from './points.ts';

describe.each(['empty sweep', 'parts'] as const)('%s', job => {
  test('any call that fails is said, loses nothing and stores nothing twice', async () => {
    const { calls, files } = await withoutFault(job);
    expect(calls).toBeGreaterThan(30);
    const whats = ['full', 'EIO', 'EMFILE'] as const;
    for (let at = 1; at <= calls; at++) await meetError(job, { at, what: whats[at % 3]! }, files);
  });

  test('killed in any call, it loses nothing and stores nothing twice', async () => {
    const { files } = await withoutFault(job);
    expect(await meetKills(job, files)).toBeGreaterThan(30);
  });
});
