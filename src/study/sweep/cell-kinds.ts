import type { CellKind, CellKinds } from '../../cell/cell.ts';
import { childModule } from '../../child-module.ts';
import { runKind } from '../../run/cell-kind.ts';
import { tuneKind } from '../../run/tune/cell-kind.ts';
import { trainKind } from '../../train/cell-kind.ts';

/** Everything that a sweep can compute. */
export const cellKinds: CellKinds = new Map<string, CellKind>(
  [runKind, tuneKind, trainKind].map(kind => [kind.name, kind]),
);

/** The process that computes cells of these kinds. */
export const cellProcess = childModule('cell-process', import.meta.url);
