import { z } from 'zod';
import type { Json } from '../../experiment/canonical-json.ts';
import { type Eta, type TaskName, taskNames } from './plan.ts';

/** What is kept of a run of training. */
export interface CellRecord {
  readonly task: TaskName;
  readonly eta: Eta;
  readonly seed: number;
  /** Null, with `why`, where the numbers left the finite ones. */
  readonly measures: Readonly<Record<string, number>> | null;
  readonly why?: string | undefined;
  readonly curves: Readonly<Record<string, readonly number[]>>;
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
  curves: z.record(z.string(), numbers),
  learned: z.array(numbers).optional(),
});

/** Undefined where it is none. */
export function readCellRecord(json: Json | undefined): CellRecord | undefined {
  return schema.safeParse(json).data;
}
