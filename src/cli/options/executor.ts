import type { MakeExecutor } from '../../cell/executor.ts';

/** What computes the parts of a command; undefined for this process. */
export async function executorOf(jobs: number | undefined): Promise<MakeExecutor | undefined> {
  if (jobs === undefined || jobs === 1) return undefined;
  // Loads all kinds of cells.
  const { inProcesses } = await import('../../study/sweep/in-processes.ts');
  return inProcesses(jobs);
}
