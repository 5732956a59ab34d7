/** @file Does a job, and keeps its folder as it is in each call of the file system; then waits to be killed. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { countCalls } from './faulty-files.ts';
import type { JobName } from './jobs.ts';

const { job, root, into } = JSON.parse(process.argv[2]!) as Readonly<Record<'root' | 'into', string>> & {
  readonly job: JobName;
};
const { jobs } = await import('./jobs.ts');
const calls = await countCalls(
  root,
  () => jobs[job](root),
  n => cpSync(root, join(into, String(n)), { recursive: true, preserveTimestamps: true }),
);
process.send!(calls);
