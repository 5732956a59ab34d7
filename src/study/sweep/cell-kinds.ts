import type { CellModule } from '../../cell/cell-process.ts';
import type { CellKind, Kinds, QueueKind, SweepKind } from '../../cell/kind.ts';
import { childModule } from '../../child-module.ts';
import { runKind } from '../../run/cell-kind.ts';
import { taskKind } from '../../run/paper/cell-kind.ts';
import { tuneKind } from '../../run/tune/cell-kind.ts';
import { pointKind } from '../../run/tune/point-kind.ts';
import { trainKind } from '../../train/cell-kind.ts';
import { chapterKind } from '../dual-form/cell-kind.ts';
import { evidenceKind } from '../evidence/cell-kind.ts';
import { armsKind, sweepArmsKind } from '../evidence/part-kinds.ts';
import { modelKind } from '../momentum/cell-kind.ts';

/** Everything that a sweep can compute. */
export const cellKinds: Kinds<SweepKind> = new Map<string, SweepKind>(
  [runKind, tuneKind, trainKind, evidenceKind].map(kind => [kind.name, kind]),
);

/** What computing a sweep needs: its commands, and the cells that others are computed from. */
export const allKinds: Kinds<QueueKind> = new Map<string, QueueKind>(
  [...cellKinds.values(), sweepArmsKind].map(kind => [kind.name, kind]),
);

/** The parts of commands. */
const partKinds: readonly CellKind[] = [taskKind(), pointKind(), chapterKind(), modelKind(), armsKind()];

/** The process that computes cells of all kinds. */
export const cellProcess: CellModule = {
  ...childModule('cell-process', import.meta.url),
  kinds: new Map<string, CellKind>([...allKinds, ...partKinds.map(kind => [kind.name, kind] as const)]),
};
