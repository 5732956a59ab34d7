/** @file The process that computes cells, started by `startCellProcess`. */
import { serveCells } from '../../cell/serve-cells.ts';
import { cellKinds } from './cell-kinds.ts';

serveCells(cellKinds);
