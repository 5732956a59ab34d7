/** @file The process that computes cells, started by `cell/cell-process.ts`. */
import { serveCells } from './cell/serve-cells.ts';
import { cellKinds } from './cell-kinds.ts';

serveCells(cellKinds);
