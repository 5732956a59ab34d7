/** @file What a queue holds. Its engine is BullMQ: it gives each job to one worker, and again when that worker is lost. */
import { type Cell, nameOfCell } from '../cell.ts';
import type { Needs } from '../kind.ts';
import { TRIES } from '../processes.ts';

/** Cells that wait for workers. */
export const CELLS = 'dualform-cells';
/** Files that travel from workers without the folder of the sweep. */
export const FILES = 'dualform-files';

export interface CellJob {
  readonly cell: Cell;
  readonly needs: Needs;
  /** The id of the folder of the sweep. */
  readonly sweep: string;
}

/** What a worker answers. */
export type CellAnswer =
  /** The cell is in the folder of the sweep, or its failure. */
  | { readonly kind: 'stored'; readonly peakMemoryBytes?: number | undefined }
  /** Its files travel in pieces. */
  | { readonly kind: 'sent'; readonly parcel: Parcel; readonly peakMemoryBytes?: number | undefined }
  | { readonly kind: 'failed'; readonly why: string };

/** Files that travel: their bytes, one after the other, in pieces. */
export interface Parcel {
  readonly pieces: number;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

/** Why a worker gave a cell back: the progress of a job. */
export type GivenBack = { readonly worker: string; readonly why: string; readonly refused: boolean };

/** The name of a job. BullMQ takes a name of digits alone for its own. */
export function jobIdOf(cell: Cell): string {
  return `cell-${nameOfCell(cell)}`;
}

/** How a cell is put into the queue: once, by its name. */
export function jobOf(data: CellJob) {
  const opts = {
    jobId: jobIdOf(data.cell),
    attempts: TRIES,
    removeOnComplete: { age: WEEK },
    removeOnFail: { age: WEEK },
  };
  return { name: data.cell.kind, data, opts };
}

const WEEK = 7 * 24 * 3600;
