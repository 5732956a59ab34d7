import { setTimeout as sleep } from 'node:timers/promises';
import type { Hooks } from '../hooks.ts';
import { computeCell } from './compute-cell.ts';
import { openComputers } from './computers.ts';
import type { Executor } from './executor.ts';
import { type CellKind, type Kinds, kindOf } from './kind.ts';
import { LOOK_AGAIN_MS } from './look-again.ts';
import { leaveWork } from './work-folder.ts';

/** Computes cells in this process, one after the other. What cells of a group share stays open. */
export function here(kinds: Kinds, hooks: Pick<Hooks, 'threads' | 'device' | 'offline'> = {}): Executor {
  return async (cells, root, { signal, onStart, onFinished, onWaiting, onNote }) => {
    const computers = openComputers<CellKind>();
    try {
      let left = cells;
      while (left.length > 0) {
        const busy = [];
        for (const cell of left) {
          signal?.throwIfAborted();
          const kind = kindOf(cell.kind, kinds);
          const place = { computer: await computers.of(kind), root, store: kind.storeIn(root) };
          onStart?.(cell, 'here');
          const outcome = await computeCell(cell, place, { ...hooks, signal, onWarning: onNote });
          if (outcome.status === 'done' || outcome.status === 'failed') await onFinished?.(cell, outcome);
          else {
            busy.push(cell);
            onWaiting?.(cell, outcome.why);
          }
        }
        left = busy;
        if (left.length > 0) await sleep(LOOK_AGAIN_MS, undefined, signal && { signal });
      }
    } finally {
      await computers.close();
      await leaveWork(root);
    }
  };
}
