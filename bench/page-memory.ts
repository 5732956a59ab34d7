import { readdirSync, readFileSync } from 'node:fs';

/**
 * Bytes at the peak of the largest process that renders a page of a browser. It holds the page and
 * its workers. Linux only.
 *
 * @param profile folder of the browser's profile, which is in the command line of each process
 */
export function peakOfPage(profile: string): number {
  const peaks = readdirSync('/proc').map(pid => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (!command.includes('--type=renderer') || !command.includes(profile)) return 0;
      return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  return Math.max(...peaks);
}
