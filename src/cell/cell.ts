/** @file A cell: one thing to compute, as plain data. */
import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../files/canonical-json.ts';

/** The options of a cell, as a plan gives them: defaults are not filled in. */
export type CellOptions = { readonly [name: string]: Json };

/** One thing to compute. Everything that decides its files is in it. */
export type Cell = {
  /** The name of its kind: `run`. */
  readonly kind: string;
  readonly options: CellOptions;
  /** Of the files that the kind leaves. */
  readonly schema: string;
};

/** The name of a cell: the first 16 hex digits of SHA-256 over its canonical JSON. */
export function nameOfCell(cell: Cell): string {
  return createHash('sha256').update(canonicalJson(cell)).digest('hex').slice(0, 16);
}
