import type { Hooks } from '../hooks.ts';
import type { Cell } from './cell.ts';
import type { Finished } from './outcome.ts';
import type { Shard } from './shard.ts';

/** What `parts` of a kind is given. */
export interface PartsOptions extends Hooks {
  /** Only a share of the parts. */
  readonly shard?: Shard | undefined;
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
