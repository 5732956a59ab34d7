import type { Hooks } from '../hooks.ts';
import type { Cell } from './cell.ts';
import type { Finished } from './outcome.ts';
import type { Shard } from './shard.ts';

/** What `parts` of a kind is given. */
export interface PartsOptions extends Hooks {
  /** Only a share of the parts. */
  readonly shard?: Shard | undefined;
}

/** How the cells of a kind are computed from cells of another kind, which are left in its work folder. */
export interface KindOfParts {
  /** What they hold, for people: `arms`. */
  readonly name: string;
  readonly prepare: (cells: readonly Cell[], root: string, options: PartsOptions) => Promise<Parts>;
  /** Counts what the parts of a cell hold; undefined before the cell is begun. */
  readonly count: (cell: Cell, root: string) => Promise<PartsCount | undefined>;
}

export interface PartsCount {
  readonly total: number;
  /** Stored. */
  readonly done: number;
}

/** What the parts of cells take. */
export interface PartsCost {
  readonly count: number;
  /** Of the longest one; null where it was not measured. */
  readonly longestSeconds: number | null;
  /** To prepare the parts and to make the cells from them; null where it was not measured. */
  readonly otherSeconds: number | null;
}

/** The cells that others are computed from. */
export interface Parts {
  /** How many are missing, but for those of later stages that are not known yet. */
  readonly count: number;
  /** Each stage reads what the stages before it left. */
  readonly stages: readonly (() => Promise<readonly Cell[]>)[];
  readonly onFinished: (part: Cell, outcome: Finished) => void;
  /** The cells whose parts are all stored, or that have none. */
  readonly ready: () => Promise<readonly Cell[]>;
}
