import { type ChildProcess, fork } from 'node:child_process';
import { childModule } from '../../child-module.ts';
import { UserError } from '../../error.ts';
import type { Columns, ParquetJob, ParquetReply } from './parquet-columns.ts';
import { requireColumns, type TableRow } from './table.ts';

/** Heap for decoded values: several times the limit of the pages. */
const HEAP_MEGABYTES = 4096;

/**
 * Reads Parquet files one after the other in a child process, so that memory which a damaged file
 * makes the library allocate ends with it.
 */
export interface ParquetReader {
  /**
   * @param source the file, or its bytes
   * @param wanted required columns: flat ones of texts, whole numbers, numbers or truth values
   * @param mostBytes that these columns may hold
   * @throws UserError naming the file
   */
  readonly read: (
    file: string,
    source: ParquetJob['source'],
    wanted: readonly string[],
    mostBytes: number,
  ) => Promise<TableRow[]>;
  /** Ends the process. */
  readonly close: () => void;
}

/**
 * A reader whose process starts with the first file, and again after a crash.
 *
 * @param heapMegabytes for decoded values
 */
export function openParquetReader(heapMegabytes = HEAP_MEGABYTES): ParquetReader {
  let child: ChildProcess | undefined;
  const close = () => {
    child?.kill('SIGKILL');
    child = undefined;
  };
  return {
    close,
    async read(file, source, wanted, mostBytes) {
      child ??= startReader(heapMegabytes);
      const reply = await ask(child, { source, wanted, mostBytes }).catch(cause => {
        close();
        const why = `its reader ended (${(cause as Error).message}), or needed more than ${heapMegabytes} MB`;
        throw new UserError(`${file}: ${why}; the file is damaged, or too large`, { cause });
      });
      return rowsOf(reply, file, wanted);
    },
  };
}

function startReader(heapMegabytes: number): ChildProcess {
  const { file, execArgv } = childModule('parquet-columns', import.meta.url);
  return fork(file, {
    execArgv: [`--max-old-space-size=${heapMegabytes}`, ...execArgv],
    serialization: 'advanced',
    // Output of the engine and the library about a damaged file is not shown on the terminal.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

function ask(child: ChildProcess, job: ParquetJob): Promise<ParquetReply> {
  return new Promise<ParquetReply>((resolve, reject) => {
    const end = (code: number | null, signal: string | null) => reject(new Error(signal ?? `exit code ${code}`));
    child.once('error', reject);
    child.once('close', end);
    child.once('message', reply => {
      child.off('error', reject);
      child.off('close', end);
      resolve(reply as ParquetReply);
    });
    child.send(job, () => {});
  });
}

function rowsOf(reply: ParquetReply, file: string, wanted: readonly string[]): TableRow[] {
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
