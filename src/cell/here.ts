import type { Hooks } from '../hooks.ts';
import { computeCell } from './compute-cell.ts';
import { openComputers } from './computers.ts';
import type { Executor } from './executor.ts';
import { type CellKind, type Kinds, kindOf } from './kind.ts';
import { shareOut } from './share-out.ts';

export interface HereOptions extends Pick<Hooks, 'threads' | 'device' | 'offline'> {
  /** Cells at once, each with what its kind keeps open; 1 unless given. */
  readonly jobs?: number;
}

/** Computes cells in this process. What cells of a group share stays open. */
export function here(kinds: Kinds, { jobs = 1, ...hooks }: HereOptions = {}): Executor {
  return (cells, root, events) =>
    shareOut(cells, root, { ...events, jobs }, () => {
      const computers = openComputers<CellKind>();
      return {
        compute: async (cell, { signal, onStart, onProgress }) => {
          const kind = kindOf(cell.kind, kinds);
          const place = { computer: await computers.of(kind), root, store: kind.storeIn(root) };
          onStart('here');
          return computeCell(cell, place, { ...hooks, signal, onProgress, onWarning: events.onNote });
        },
        close: computers.close,
      };
    });
}
