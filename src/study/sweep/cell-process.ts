/** @file The process that computes cells, started by `startCellProcess`. */
import { serveCells } from '../../cell/serve-cells.ts';
import { cellProcess } from './cell-kinds.ts';

serveCells(cellProcess.kinds);
