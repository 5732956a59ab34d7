import { z } from 'zod';
import type { Json } from '../../files/canonical-json.ts';
import { type Cell, type TaskName, taskNames } from './plan.ts';
import type { Measured } from './trainee.ts';

/** What is kept of a run of training. */
export interface CellRecord extends Cell {
  /** Null, with `why`, where the numbers left the finite ones. */
  readonly measures: Measured['measures'] | null;
  readonly why?: string | undefined;
  readonly curves: Measured['curves'];
  /** Etas that were learned, [layers][heads]. */
  readonly learned?: readonly (readonly number[])[] | undefined;
}

const numbers = z.array(z.number());
const schema = z.strictObject({
  task: z.enum(taskNames as [TaskName, ...TaskName[]]),
  eta: z.union([z.number(), z.literal('learned')]),
  seed: z.number(),
  measures: z.record(z.string(), z.number()).nullable(),
  why: z.string().optional(),
  curves: z.record(z.string(), z.array(z.number().nullable())),
  learned: z.array(numbers).optional(),
});

/** Undefined where it is none. */
export function readCellRecord(json: Json | undefined): CellRecord | undefined {
  return schema.safeParse(json).data;
}
