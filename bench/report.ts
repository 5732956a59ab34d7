/**
 * Measures how long the report of a run folder takes, from the files on disk to the file on disk, and
 * how large it is. Promised for the main job (200 rows): 1 s, 3 MB. Needs a build.
 *
 *     npm run bench:report -- RUN_FOLDER
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TIMES = 5;
const SECONDS = 1;
const BYTES = 3e6;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: npm run bench:report -- RUN_FOLDER');
const command = fileURLToPath(new URL('../bin/dualform.js', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'dualform-bench-report-'));
try {
  const file = join(scratch, 'report.html');
  const seconds = Array.from({ length: TIMES }, () => {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [command, 'report', folder, '--out', file], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return (performance.now() - start) / 1000;
  }).sort((a, b) => a - b);
  const { size } = statSync(file);
  const [least, middle] = [seconds[0]!, seconds[TIMES >> 1]!];
  console.log(
    `dualform report, the command as a whole: ${middle.toFixed(2)} s (least ${least.toFixed(2)} s of ${TIMES})`,
  );
  console.log(`the file: ${(size / 1e6).toFixed(2)} MB`);
  if (middle > SECONDS || size > BYTES) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true });
}
