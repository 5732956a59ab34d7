import type { OnProgress } from '../hooks.ts';
import type { Cell } from './cell.ts';
import type { CellEvents } from './executor.ts';

/** Passes on the progress of one cell at a time, until it is finished. */
export function followOne(onProgress: OnProgress | undefined): {
  readonly onProgress: NonNullable<CellEvents['onProgress']>;
  readonly onFinished: (cell: Cell) => void;
} {
  let followed: Cell | undefined;
  return {
    onProgress: (cell, progress) => {
      followed ??= cell;
      if (followed === cell) onProgress?.(progress);
    },
    onFinished: cell => {
      if (followed === cell) followed = undefined;
    },
  };
}
