import { fork } from 'node:child_process';
import { childModule } from '../../child-module.ts';
import { UserError } from '../../error.ts';
import type { Columns, ParquetJob, ParquetReply } from './parquet-columns.ts';
import { requireColumns, type TableRow } from './table.ts';

/** For decoded values: several times what the pages of a file may hold. */
const MOST_HEAP_MEGABYTES = 4096;

/**
 * Columns of a Parquet file. They are decoded in a process of its own: what a damaged file makes the library ask for ends with it.
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
  const reply = await decode(file, { source, wanted, mostBytes });
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

function decode(name: string, job: ParquetJob): Promise<ParquetReply> {
  const { file, execArgv } = childModule('parquet-columns', import.meta.url);
  const child = fork(file, {
    execArgv: [`--max-old-space-size=${MOST_HEAP_MEGABYTES}`, ...execArgv],
    serialization: 'advanced',
    // What engine and library say of a damaged file is not for the terminal.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return new Promise<ParquetReply>((resolve, reject) => {
    child.once('message', reply => resolve(reply as ParquetReply));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const how = signal ?? `exit code ${code}`;
      reject(
        new UserError(
          `${name}: its reader ended (${how}), or needed more than ${MOST_HEAP_MEGABYTES} MB; the file is damaged, or too large`,
        ),
      );
    });
    child.send(job, () => {});
  }).finally(() => child.kill('SIGKILL'));
}
