/** @file A sweep of many empty cells through Redis, to see what the cells themselves take. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { csvLines, tabulate } from '../../src/cell/cell-table.ts';
import { parquetOf } from '../../src/cell/parquet-table.ts';
import { CELLS, type CellAnswer, type CellJob } from '../../src/cell/queue/cell-job.ts';
import { throughQueue } from '../../src/cell/queue/queue-executor.ts';
import { runSweep, sweepStatus } from '../../src/cell/sweep.ts';
import { cellLines } from '../../src/cell/sweep-folder.ts';
import { folderOfCell } from '../../src/cell/sweep-store.ts';
import { fakeKinds, fakeSweep } from './fake-kind.ts';

/** What a large sweep takes. */
export interface LargeSweep {
  readonly cells: number;
  /** Of each step of the work. */
  readonly seconds: Readonly<Record<'plan' | 'queue' | 'again' | 'status' | 'table', number>>;
  /** Of the server, with every cell waiting. */
  readonly queueBytes: number;
  /** Of cells.jsonl, the table as CSV and as Parquet. */
  readonly bytes: Readonly<Record<'lines' | 'csv' | 'parquet', number>>;
  /** Of this process at its largest. */
  readonly memoryBytes: number;
}

/** Numbers in a result, as many as that of a run has. */
const FIGURES = 100;

/** Stores a cell as a worker does, without waiting for the disk. */
function storeCell({ cell }: CellJob, out: string): void {
  const folder = folderOfCell(out, cell);
  mkdirSync(folder, { recursive: true });
  const seed = Number(cell.options.seed);
  const figures = Object.fromEntries(Array.from({ length: FIGURES }, (_, i) => [`figure${i}`, seed / (i + 1.5)]));
  writeFileSync(join(folder, 'cell.json'), JSON.stringify(cell));
  writeFileSync(join(folder, 'result.json'), JSON.stringify({ value: { mean: seed / 2 }, figures }));
}

/** @param url of a Redis server of its own */
export async function computeLargeSweep(url: string, out: string, cells: number): Promise<LargeSweep> {
  const seconds: Record<string, number> = {};
  let memoryBytes = 0;
  const timed = async <T>(step: string, work: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    seconds[step] = (performance.now() - start) / 1000;
    memoryBytes = Math.max(memoryBytes, process.memoryUsage.rss());
    return result;
  };
  const sweep = await timed('plan', () => fakeSweep({ seed: Array.from({ length: cells }, (_, seed) => seed) }));
  const connection = { url, maxRetriesPerRequest: null };
  const queue = new Queue(CELLS, { connection });
  const worker = new Worker<CellJob, CellAnswer>(
    CELLS,
    async ({ data }) => {
      storeCell(data, out);
      return { kind: 'stored' };
    },
    { connection, autorun: false, concurrency: 10 },
  );
  let queueBytes = 0;
  // The worker begins when every cell waits.
  const whenAllWait = async () => {
    while ((await queue.getWaitingCount()) < cells) await new Promise(resolve => setTimeout(resolve, 100));
    const redis = new Redis(url);
    const info = await redis.info('memory');
    redis.disconnect();
    queueBytes = Number(/used_memory:(\d+)/.exec(info)![1]);
    worker.run().catch(() => undefined);
  };
  const run = () => runSweep(sweep, { out, executor: throughQueue({ url, kinds: fakeKinds }) });
  try {
    await timed('queue', () => Promise.all([run(), whenAllWait()]));
    await timed('again', run);
  } finally {
    await worker.close();
    await queue.close();
  }
  const { done } = await timed('status', () => sweepStatus(out, fakeKinds));
  if (done !== cells) throw new Error(`${done} of ${cells} cells`);
  const bytes = await timed('table', async () => {
    const { table } = await tabulate(cellLines(out, sweep), ['value.mean']);
    let csv = 0;
    for (const line of csvLines(table)) csv += line.length;
    return { csv, parquet: parquetOf(table).length };
  });
  const lines = statSync(join(out, 'cells.jsonl')).size;
  return { cells, seconds, queueBytes, bytes: { lines, ...bytes }, memoryBytes } as LargeSweep;
}
