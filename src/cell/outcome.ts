import { UserError } from '../error.ts';

/** What computing a cell took, and on what. */
export interface CellUse {
  readonly seconds: number;
  /** Fed. */
  readonly tokens: number;
  readonly threads: number;
  readonly device: string;
  /** Time in forward passes and steps, where it is counted. */
  readonly graphSeconds?: number;
}

/** What is stored of a cell. */
export type Finished =
  /** `found` when this call did not store it. */
  | {
      readonly status: 'done';
      readonly found: boolean;
      readonly note?: string;
      /** Of the processes that computed it, together, up to its end. */
      readonly peakMemoryBytes?: number;
      /** When this call computed it and its kind says so. */
      readonly use?: CellUse;
    }
  /** It cannot be computed. */
  | { readonly status: 'failed'; readonly found: boolean; readonly why: string };

/** What became of a cell. */
export type Outcome =
  | Finished
  /** Another process computes it now. */
  | { readonly status: 'busy'; readonly why: string }
  /** This process cannot compute it: another version, another model. */
  | { readonly status: 'refused'; readonly why: string };

/** Why a cell cannot be computed, for people. */
export function reasonOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return `internal error: ${error instanceof Error ? error.message : error}`;
}
