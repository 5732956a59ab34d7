/** @file A cell: one thing to compute, as plain data; and the kinds of things that can be computed. */
import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../files/canonical-json.ts';
import type { Hooks } from '../hooks.ts';
import type { OptionShape } from '../options.ts';

/** The options of a cell, as a plan gives them: defaults are not filled in. */
export type CellOptions = { readonly [name: string]: Json };

/** One thing to compute. Everything that decides its files is in it. */
export type Cell = {
  /** The command that computes it: `run`. */
  readonly kind: string;
  readonly options: CellOptions;
  /** Of the files that the kind leaves. */
  readonly schema: string;
};

/** The name of a cell and of its folder: the first 16 hex digits of SHA-256 over its canonical JSON. */
export function nameOfCell(cell: Cell): string {
  return createHash('sha256').update(canonicalJson(cell)).digest('hex').slice(0, 16);
}

/** Digests of what a cell reads, by what it is: `model`, `task`. */
export type Needs = Readonly<Record<string, string>>;

/** What a cell takes. */
export interface CellCost {
  /** At its highest, all processes together; null where it is not known. */
  readonly memoryBytes: number | null;
  /** Null where it was not measured. */
  readonly seconds: number | null;
  /** Of its folder; null where it is not known. */
  readonly diskBytes: number | null;
}

/** Computes cells of one kind and keeps open what they share, as a loaded model. */
export interface CellComputer {
  /**
   * Computes a cell into `out`, which then holds `result.json`. What an interrupted call left there
   * is used.
   *
   * @throws UserError when the cell cannot be computed
   */
  compute(options: CellOptions, hooks: Hooks & { readonly out: string }): Promise<void>;
  /** @throws UserError when something is missing */
  needs(options: CellOptions, hooks: Hooks): Promise<Needs>;
  /** @param measure whether to measure the machine, for seconds */
  cost(options: CellOptions, hooks: Hooks, measure: boolean): Promise<CellCost>;
  close(): Promise<void>;
}

/** A kind of cell: how its options are checked, and how it is computed. */
export interface CellKind {
  readonly name: string;
  /** Of the files that a cell leaves; a worker computes only cells of its own schema. */
  readonly schema: string;
  readonly shape: OptionShape;
  /** @throws UserError naming the option that is wrong */
  readonly check: (options: CellOptions) => void;
  /** Cells of one group share what takes long to open, as their model. */
  readonly groupOf: (options: CellOptions) => string;
  /** Options that change the cost of a cell little. */
  readonly costless: readonly string[];
  /** Numbers of `result.json` that a table for people shows: path and title. */
  readonly figures: readonly { readonly path: string; readonly title: string }[];
  readonly open: () => CellComputer;
}

/** All kinds, by name. */
export type CellKinds = ReadonlyMap<string, CellKind>;
