/** @file Does a job several times, each in a folder of its own, until the n-th call of the file system; then waits to be killed. */
import { withFault } from './faulty-files.ts';
import type { JobName } from './jobs.ts';
import type { Point } from './points.ts';

const { job, points } = JSON.parse(process.argv[2]!) as { readonly job: JobName; readonly points: readonly Point[] };
const { jobs } = await import('./jobs.ts');
for (const { root, at } of points) await withFault({ root, at, what: 'stop' }, () => jobs[job](root));
process.send!('stopped');
