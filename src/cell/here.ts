import { setTimeout as sleep } from 'node:timers/promises';
import type { Hooks } from '../hooks.ts';
import type { CellKinds } from './cell.ts';
import { computeCell } from './compute-cell.ts';
import { kindOf, openComputers } from './computers.ts';
import type { Executor } from './executor.ts';

const LOOK_AGAIN_MS = 1000;

/** Computes cells in this process, one after the other. What cells of a group share stays open. */
export function here(kinds: CellKinds, hooks: Pick<Hooks, 'threads' | 'device' | 'offline'> = {}): Executor {
  return async (cells, root, { signal, onStart, onFinished, onWaiting, onNote }) => {
    const computers = openComputers();
    try {
      let left = cells;
      while (left.length > 0) {
        const busy = [];
        for (const cell of left) {
          signal?.throwIfAborted();
          const computer = await computers.of(kindOf(cell.kind, kinds));
          onStart(cell, 'here');
          const outcome = await computeCell(cell, computer, root, { ...hooks, signal, onWarning: onNote });
          if (outcome.status === 'done' || outcome.status === 'failed') onFinished(cell, outcome);
          else {
            busy.push(cell);
            onWaiting(cell, outcome.why);
          }
        }
        left = busy;
        if (left.length > 0) await sleep(LOOK_AGAIN_MS, undefined, signal && { signal });
      }
    } finally {
      await computers.close();
    }
  };
}
