import type { Cell } from './cell.ts';
import type { Finished } from './outcome.ts';

/** Where finished cells are kept, and under which names. Whatever is found is whole. */
export interface CellStore {
  /** What is stored of a cell; undefined when it is not finished. */
  find(cell: Cell): Promise<Finished | undefined>;
  /**
   * The folder of a cell that is computed where it stays, and resumes there; without it, cells are
   * computed in their work folder.
   */
  readonly folderOf?: (cell: Cell) => string;
  /**
   * Stores a cell unless it is stored.
   *
   * @param computed the folder in which it was computed
   */
  store(cell: Cell, computed: string): Promise<Finished>;
  /**
   * Stores that a cell cannot be computed.
   *
   * @throws the error where such cells are not kept
   */
  setAside(cell: Cell, error: unknown): Promise<Finished>;
}

/** What is said where a second result of a cell is not stored. */
export const STORED_MEANWHILE = 'it was stored by another process meanwhile; this result is not used';
