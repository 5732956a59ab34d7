import type { CellModule } from '../../cell/cell-process.ts';
import type { Kinds, SweepKind } from '../../cell/kind.ts';
import { childModule } from '../../child-module.ts';
import { runKind } from '../../run/cell-kind.ts';
import { tuneKind } from '../../run/tune/cell-kind.ts';
import { trainKind } from '../../train/cell-kind.ts';
import { evidenceKind } from '../evidence/cell-kind.ts';

/** Everything that a sweep can compute. */
export const cellKinds: Kinds<SweepKind> = new Map<string, SweepKind>(
  [runKind, tuneKind, trainKind, evidenceKind].map(kind => [kind.name, kind]),
);

/** The process that computes cells of these kinds. */
export const cellProcess: CellModule = { ...childModule('cell-process', import.meta.url), kinds: cellKinds };
