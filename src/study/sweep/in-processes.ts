import type { MakeExecutor } from '../../cell/executor.ts';
import { memoryOfCells, requireMemory } from '../../cell/memory-of-cells.ts';
import { processes } from '../../cell/processes.ts';
import { memoryOfMachine } from '../../run/estimate/machine-memory.ts';
import { physicalCores } from '../../runtime/node/cores.ts';
import { cellProcess } from './cell-kinds.ts';

/**
 * Computes the cells of a job in `jobs` child processes, which share the threads.
 *
 * @throws UserError, before the first cell, when so many need more memory than there is
 */
export function inProcesses(jobs: number): MakeExecutor {
  return (kinds, { threads, device, offline }) =>
    async (cells, root, events) => {
      const atOnce = Math.min(jobs, cells.length);
      const memoryBytes = atOnce > 1 ? await memoryOfCells(cells, kinds, { offline, signal: events.signal }) : null;
      requireMemory(jobs, memoryBytes, memoryOfMachine());
      const executor = processes({ child: cellProcess, jobs, threads: threadsOf(jobs, threads), device, offline });
      await executor(cells, root, events);
    };
}

/** Threads of each of `jobs` processes. */
export function threadsOf(jobs: number, threads: number | undefined): number | undefined {
  return jobs === 1 ? threads : Math.max(1, Math.floor((threads ?? physicalCores()) / jobs));
}
