import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../error.ts';
import type { Columns, ParquetJob, ParquetReply } from './parquet-columns.ts';
import { requireColumns, type TableRow } from './table.ts';

/** For decoded values: several times what the pages of a file may hold. */
const MOST_HEAP_MEGABYTES = 4096;

/**
 * Columns of a Parquet file. They are decoded in a worker thread: what a damaged file makes the library ask for ends with the worker.
 *
 * @param wanted columns that must be there: flat ones of texts, whole numbers, numbers or truth values
 * @param mostBytes that these columns may hold
 * @throws UserError naming the file and, where it is one, the row
 */
export async function readParquet(
  file: string,
  source: ParquetJob['source'],
  wanted: readonly string[],
  mostBytes: number,
): Promise<TableRow[]> {
  const reply = await decode({ source, wanted, mostBytes }).catch((cause: NodeJS.ErrnoException) => {
    const memory = cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
    const why = memory ? `its columns need more than ${MOST_HEAP_MEGABYTES} MB of memory` : cause.message;
    throw new UserError(`${file}: ${why}; the file is damaged, or too large`, { cause });
  });
  if (reply.names !== undefined) requireColumns(file, reply.names, wanted);
  if (reply.problem !== undefined) throw new UserError(`${file}: ${reply.problem}`);
  const columns = reply.columns!;
  const length = Object.values(columns)[0]?.length ?? 0;
  if (length === 0) throw new UserError(`${file}: has no rows`);
  return Array.from({ length }, (_, i) => rowOf(columns, i, file));
}

function rowOf(columns: Columns, i: number, file: string): TableRow {
  const values = Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[i]]));
  return { values, where: `${file}: row ${i + 1}` };
}

function decode(job: ParquetJob): Promise<ParquetReply> {
  const worker = new Worker(createRequire(import.meta.url).resolve('#parquet-columns'), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MEGABYTES },
    // What the library says of a damaged file is not for the terminal.
    stdout: true,
    stderr: true,
  });
  return new Promise<ParquetReply>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', code => reject(new Error(`the reader of Parquet files ended with code ${code}`)));
  }).finally(() => worker.terminate());
}
