/**
 * @file The folder of a study:
 *
 *     plan.json          every choice, written first
 *     cells/NAME.json    what is kept of one run of training, written when it is done
 *     result.json        a function of the files above; written last, with the figures
 *     *.svg
 *     provenance.json    times and machine: what may differ between two studies of one plan
 *
 * Cells are files of their own, so that several can be trained at once and each stands whole or not
 * at all.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../error.ts';
import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { readJson, writeText } from '../../files/run-folder.ts';
import { type Cell, nameOf, type TaskName, taskNames } from './plan.ts';
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
function readCellRecord(json: Json | undefined): CellRecord | undefined {
  return schema.safeParse(json).data;
}

function fileOf(folder: string, cell: Cell): string {
  return join(folder, 'cells', `${nameOf(cell)}.json`);
}

/**
 * Undefined when the cell was not trained yet.
 *
 * @throws UserError when its file holds something else
 */
export async function readCell(folder: string, cell: Cell): Promise<CellRecord | undefined> {
  const file = fileOf(folder, cell);
  const json = await readJson(file);
  if (json === undefined) return undefined;
  const record = readCellRecord(json);
  if (record !== undefined && nameOf(record) === nameOf(cell)) return record;
  throw new UserError(`${file}: damaged; remove this file, and the same command trains it again`);
}

export async function writeCell(folder: string, record: CellRecord): Promise<void> {
  await writeText(fileOf(folder, record), prettyJson(record as unknown as Json));
}
