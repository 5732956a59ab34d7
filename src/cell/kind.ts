/** @file The kinds of things that can be computed. */
import type { Hooks } from '../hooks.ts';
import type { OptionShape } from '../options.ts';
import type { CellOptions } from './cell.ts';
import type { CellUse } from './outcome.ts';
import type { KindOfParts, PartsCost } from './parts.ts';
import type { CellStore } from './store.ts';

/** Digests of what a cell reads, by what it is: `model`, `task`. */
export type Needs = Readonly<Record<string, string>>;

/** Computes cells of one kind and keeps open what they share, as a loaded model. */
export interface CellComputer {
  /**
   * Computes a cell into `out`, which then holds `result.json`. What an interrupted call left there
   * is used.
   *
   * @throws UserError when the cell cannot be computed
   */
  compute(options: CellOptions, hooks: Hooks & { readonly out: string }): Promise<CellUse | undefined> | Promise<void>;
  /** Of its processes together, since it was opened. */
  peakMemoryBytes?(): Promise<number>;
  /**
   * Finds what a cell reads, where workers on other machines compute cells of the kind.
   *
   * @throws UserError when something is missing
   */
  needs?(options: CellOptions, hooks: Hooks): Promise<Needs>;
  /** Estimates what a cell takes at its highest, all processes together; null where it is not known. */
  memoryBytes?(options: CellOptions, hooks: Hooks): Promise<number | null>;
  close(): Promise<void>;
}

/** A kind of cell: how it is computed, and where it is stored. */
export interface CellKind {
  readonly name: string;
  /** Of the files that a cell leaves; a worker computes only cells of its own schema. */
  readonly schema: string;
  readonly storeIn: (root: string) => CellStore;
  readonly open: () => CellComputer;
}

/** What a cell takes. */
export interface CellCost {
  /** At its highest, all processes together; null where it is not known. */
  readonly memoryBytes: number | null;
  /** Null where it was not measured. */
  readonly seconds: number | null;
  /** Of its folder; null where it is not known. */
  readonly diskBytes: number | null;
  /** Where most of it is computed as cells of another kind. */
  readonly parts?: PartsCost;
}

/** Computes cells of a kind that workers on other machines can compute. */
export type QueueComputer = CellComputer & Required<Pick<CellComputer, 'needs'>>;

/** Also estimates its cells. */
export interface SweepComputer extends QueueComputer {
  /** @param measure whether to measure the machine, for seconds */
  cost(options: CellOptions, hooks: Hooks, measure: boolean): Promise<CellCost>;
}

/** A kind whose cells workers on other machines can compute. */
export interface QueueKind extends CellKind {
  /** Options that change neither what a cell reads nor much of its cost. */
  readonly costless: readonly string[];
  /** Where most of a cell is computed as cells of another kind. */
  readonly parts?: KindOfParts;
  readonly open: () => QueueComputer;
}

/** A kind of cell that a plan can name: a command. */
export interface SweepKind extends QueueKind {
  readonly shape: OptionShape;
  /** @throws UserError naming the option that is wrong */
  readonly check: (options: CellOptions) => void;
  /** Cells of one group share what takes long to open, as their model. */
  readonly groupOf: (options: CellOptions) => string;
  /** Numbers of `result.json` that a table for people shows: path and title. */
  readonly figures: readonly { readonly path: string; readonly title: string }[];
  readonly open: () => SweepComputer;
}

/** Kinds by name. */
export type Kinds<K extends CellKind = CellKind> = ReadonlyMap<string, K>;

/** @throws Error for a name that no kind has */
export function kindOf<K extends CellKind>(name: string, kinds: Kinds<K>): K {
  const kind = kinds.get(name);
  if (kind === undefined) throw new Error(`no kind of cell is called ${name}`);
  return kind;
}
