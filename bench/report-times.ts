import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How long `dualform report` takes with a folder, the process included, and how large its file is. Needs a build. */
export function reportTimes(
  folder: string,
  times: number,
): { readonly seconds: readonly number[]; readonly bytes: number } {
  const command = fileURLToPath(new URL('../bin/dualform.js', import.meta.url));
  const scratch = mkdtempSync(join(tmpdir(), 'dualform-bench-report-'));
  try {
    const file = join(scratch, 'report.html');
    const seconds = Array.from({ length: times }, () => {
      const start = performance.now();
      const { status, stderr } = spawnSync(process.execPath, [command, 'report', folder, '--out', file], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(stderr);
      return (performance.now() - start) / 1000;
    });
    return { seconds: seconds.sort((a, b) => a - b), bytes: statSync(file).size };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
