/**
 * @file The folder of a study:
 *
 *     plan.json          every choice, written first
 *     cells/NAME.json    the result of one run of training, written when it is done
 *     result.json        a function of the files above; written last, with the figures
 *     *.svg
 *     provenance.json    times and machine: what may differ between two studies of one plan
 *
 * Every model has its own file, so that several can be trained at once, and each is complete or
 * absent.
 */
import { join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../../error.ts';
import type { Json } from '../../files/canonical-json.ts';
import { readJson } from '../../files/run-folder.ts';
import { type ModelCell, nameOf, type TaskName, taskNames } from './plan.ts';
import type { Measured } from './trainee.ts';

/** The stored result of one run of training. */
export interface CellRecord extends ModelCell {
  /** Null, with `why`, where training diverged. */
  readonly measures: Measured['measures'] | null;
  readonly why?: string | undefined;
  readonly curves: Measured['curves'];
  /** Learned etas, [layers][heads]. */
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

/** Undefined for other JSON. */
function readCellRecord(json: Json | undefined): CellRecord | undefined {
  return schema.safeParse(json).data;
}

function fileOf(folder: string, cell: ModelCell): string {
  return join(folder, 'cells', `${nameOf(cell)}.json`);
}

/**
 * Undefined when the cell was not trained yet.
 *
 * @throws UserError when its file holds something else
 */
export async function readCell(folder: string, cell: ModelCell): Promise<CellRecord | undefined> {
  const file = fileOf(folder, cell);
  const json = await readJson(file);
  if (json === undefined) return undefined;
  const record = readCellRecord(json);
  if (record !== undefined && nameOf(record) === nameOf(cell)) return record;
  throw new UserError(`${file}: damaged; remove this file, and the same command trains it again`);
}
