/** @file The messages between a process that distributes cells and one that computes them. */
import type { Device } from '../device.ts';
import type { Progress } from '../hooks.ts';
import type { Cell } from './cell.ts';
import type { Needs } from './kind.ts';
import type { Outcome } from './outcome.ts';

export type CellRequest =
  | {
      readonly kind: 'compute';
      readonly cell: Cell;
      readonly root: string;
      readonly needs?: Needs | undefined;
      /** `root` is a folder of this process alone, and every cell in it has a folder by its name. */
      readonly alone?: boolean | undefined;
    }
  /** Stops the cell that is being computed; what it stored stays. */
  | { readonly kind: 'stop' }
  /** Closes what is open, and ends the process. */
  | { readonly kind: 'end' };

export type CellReply =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  /** The system refused; the cell stays as it is. */
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'progress'; readonly progress: Progress };

/** What a process that computes cells is started with. */
export interface CellProcessOptions {
  readonly threads: number | undefined;
  readonly device: Device | undefined;
  readonly offline: boolean | undefined;
}
