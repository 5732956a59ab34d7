import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cell } from '../cell/cell.ts';
import type { CellEvents, MakeExecutor } from '../cell/executor.ts';
import type { CellKind } from '../cell/kind.ts';
import type { Device } from '../device.ts';
import type { Json } from '../files/canonical-json.ts';
import type { FolderLock } from '../files/lock.ts';
import { prettyJson } from '../files/pretty-json.ts';
import { readJson, writeText } from '../files/run-folder.ts';
import type { Hooks } from '../hooks.ts';
import { physicalCores } from '../runtime/node/cores.ts';
import { ownMemory } from '../runtime/node/memory.ts';
import {
  deviceToResume,
  type ProvenanceFile,
  readProvenance,
  stopwatch,
  thisMachine,
  unknownMachine,
} from './provenance.ts';

/** A job whose parts are cells in its folder, each under its own name. */
export interface PartsOptions<S extends string> {
  readonly folder: string;
  /** Of the folder. */
  readonly lock: FolderLock;
  readonly kind: CellKind;
  /** Every cell of the job, also those that are not computed now. */
  readonly all: readonly Cell[];
  readonly stages: readonly S[];
  /** The stage whose time a cell adds to. */
  readonly stageOf: (cell: Cell) => S;
  /** For `auto`, finds a device that computes these cells as the processor does. */
  readonly settleDevice: (missing: readonly Cell[], hooks: Hooks) => Promise<Device | undefined>;
  readonly executor: MakeExecutor;
  /** Cells at once in this process. */
  readonly jobs?: number;
  readonly onProgress?: CellEvents['onProgress'];
  readonly onFinished?: (cell: Cell) => void;
}

/**
 * Computes the cells that the folder of a job lacks, on the device on which it was begun, and keeps
 * times and machine in `provenance.json`.
 *
 * @returns times and machine of all calls together
 * @throws UserError for another device than the job was begun on; what the executor throws
 */
export async function computeParts<S extends string>(
  cells: readonly Cell[],
  { folder, lock, kind, all, stages, stageOf, settleDevice, executor, jobs = 1, ...events }: PartsOptions<S>,
  hooks: Hooks,
): Promise<ProvenanceFile<S>> {
  const file = join(folder, 'provenance.json');
  const store = kind.storeIn(folder);
  const stored = new Set<Cell>();
  for (const cell of all) if ((await store.find(cell)) !== undefined) stored.add(cell);
  const earlier = readProvenance(stages, await readJson(file));
  const watch = stopwatch(stages, earlier?.timing);
  const asked = deviceToResume(folder, hooks.device, stored.size > 0 ? earlier?.provenance : undefined);
  const missing = cells.filter(cell => !stored.has(cell));
  const threads = hooks.threads ?? physicalCores();
  if (missing.length === 0) return earlier ?? { timing: watch.read(), provenance: unknownMachine(threads) };
  const device = await settleDevice(missing, { ...hooks, device: asked });
  let provenance = thisMachine({ threads, device: device ?? 'cpu' });
  const write = () => writeText(file, prettyJson({ timing: watch.read(), provenance } as unknown as Json));
  // A call that is killed before its first cell is noted leaves the device.
  await write();
  await executor(new Map([[kind.name, kind]]), { threads: hooks.threads, device, offline: hooks.offline })(
    missing,
    folder,
    {
      signal: hooks.signal,
      onProgress: events.onProgress,
      onNote: hooks.onWarning,
      onFinished: async (cell, outcome) => {
        lock.check();
        if (outcome.status === 'done' && outcome.use !== undefined) {
          const { seconds, tokens, device: used } = outcome.use;
          watch.add(stageOf(cell), seconds, tokens);
          const { peakResidentBytes: own } = ownMemory();
          watch.notePeak(own + jobs * Math.max(0, (outcome.peakMemoryBytes ?? 0) - own));
          provenance = thisMachine({ threads, device: used });
          await write();
        }
        events.onFinished?.(cell);
      },
    },
  );
  // Cells of a call with other options, which was killed.
  await rm(join(folder, '.work'), { recursive: true, force: true }).catch(() => undefined);
  return { timing: watch.read(), provenance };
}
