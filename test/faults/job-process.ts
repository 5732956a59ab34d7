/** @file Does a job and ends in the middle of a call of the file system. */
import { withFault } from './faulty-files.ts';

const { job, root, at } = JSON.parse(process.argv[2]!) as { job: string; root: string; at: number };
const { jobs } = await import('./jobs.ts');
await withFault({ root, at, what: 'kill' }, () => jobs[job as keyof typeof jobs](root));
process.exit();
