import { UserError } from '../error.ts';
import type { Hooks } from '../hooks.ts';
import type { Cell } from './cell.ts';
import { openComputers } from './computers.ts';
import { type CellKind, type Kinds, kindOf } from './kind.ts';

/** What the largest cell takes at its highest, all processes together; null where it is not known. */
export async function memoryOfCells(cells: readonly Cell[], kinds: Kinds, hooks: Hooks): Promise<number | null> {
  const computers = openComputers<CellKind>();
  try {
    let most = 0;
    for (const { kind, options } of cells) {
      hooks.signal?.throwIfAborted();
      const computer = await computers.of(kindOf(kind, kinds));
      const bytes = (await computer.memoryBytes?.(options, hooks)) ?? null;
      if (bytes === null) return null;
      most = Math.max(most, bytes);
    }
    return most;
  } finally {
    await computers.close();
  }
}

/** @throws UserError when so many jobs need more memory than there is */
export function requireMemory(jobs: number, memoryBytes: number | null, machineBytes: number): void {
  if (memoryBytes === null || jobs * memoryBytes <= machineBytes) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  const fit = Math.floor(machineBytes / memoryBytes);
  throw new UserError(`a cell needs up to ${gigabytes(memoryBytes)}, and this machine has ${gigabytes(machineBytes)}`, {
    option: 'jobs',
    value: jobs,
    remedy: fit === 0 ? 'not one fits' : `${fit} would fit`,
  });
}
