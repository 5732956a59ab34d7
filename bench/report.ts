/**
 * Measures how long the report of a run folder takes, from the files on disk to the file on disk, and
 * how large it is. Promised for the main job (200 rows): 1 s, 3 MB. Needs a build.
 *
 *     npm run bench:report -- RUN_FOLDER
 */
import { reportTimes } from './report-times.ts';

const TIMES = 5;
const SECONDS = 1;
const BYTES = 3e6;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: npm run bench:report -- RUN_FOLDER');
const { seconds, bytes } = reportTimes(folder, TIMES);
const [least, middle] = [seconds[0]!, seconds[TIMES >> 1]!];
console.log(
  `dualform report, the command as a whole: ${middle.toFixed(2)} s (least ${least.toFixed(2)} s of ${TIMES})`,
);
console.log(`the file: ${(bytes / 1e6).toFixed(2)} MB`);
if (middle > SECONDS || bytes > BYTES) process.exitCode = 1;
