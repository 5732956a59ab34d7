import { join } from 'node:path';
import type { Cell, CellOptions } from '../../cell/cell.ts';
import type { Steadiness } from '../../metric/steadiness.ts';

/** Answers to the validation rows by label id; none, and why, where a number was not finite. */
export type Attempt =
  | { readonly labels: readonly number[]; readonly why?: undefined }
  | { readonly labels?: undefined; readonly why: string };

/** A point of the grid, as it is stored. */
export interface PointRecord {
  readonly attempt: Attempt;
  /** How far a nudge moves the model; null where it was not nudged. */
  readonly steady: Steadiness | null;
}

/** The answers at every point of the grid. */
export interface Grid {
  readonly zeroShot: Attempt;
  /** In-context, with the demonstrations of each seed. */
  readonly seeds: readonly { readonly seed: number; readonly attempt: Attempt }[];
  /** The seed with the most right answers; the lowest of equal ones. */
  readonly seed: number;
  /** Finetuned on the demonstrations of `seed`, at each learning rate. */
  readonly rates: readonly {
    readonly learningRate: number;
    readonly attempt: Attempt;
    /** How far a nudge moves the model; null where the rate is refused for its answers alone. */
    readonly steady: Steadiness | null;
  }[];
}

/** Which setting answers the validation rows at a point of the grid. */
export type Point =
  | { readonly setting: 'zero-shot' }
  | { readonly setting: 'in-context'; readonly seed: number }
  | { readonly setting: 'finetuned'; readonly seed: number; readonly learningRate: number };

/** The cell of a point. */
export function pointCell(point: Point, tune: CellOptions): Cell {
  return { kind: 'tune-point', options: { point, tune }, schema: 'dualform.tune-plan/1' };
}

export function pointOf({ options }: Pick<Cell, 'options'>): Point {
  return options.point as Point;
}

/** Path of the file of a point, without its extension. */
export function pathOfPoint(point: Point): string {
  if (point.setting === 'zero-shot') return join('grid', 'zero-shot');
  if (point.setting === 'in-context') return join('grid', `in-context-seed-${point.seed}`);
  return join('grid', `finetuned-seed-${point.seed}-rate-${point.learningRate}`);
}

/** Passes over the validation rows at a point: a rate is tried again, nudged. */
export function passesAt({ setting }: Point): number {
  return setting === 'finetuned' ? 2 : 1;
}
