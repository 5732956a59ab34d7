/** @file Every call of the file system that a job makes fails in turn. */
import { expect, test } from 'vitest';
import { meetFault, withoutFault } from './points.ts';

test.each(['sweep', 'parts'] as const)(
  '%s: any call that fails is said, loses nothing and stores nothing twice',
  async job => {
    const { calls, files } = await withoutFault(job);
    expect(calls).toBeGreaterThan(30);
    const whats = ['full', 'EIO', 'EMFILE'] as const;
    for (let at = 1; at <= calls; at++) await meetFault(job, { at, what: whats[at % 3]! }, files);
  },
);
