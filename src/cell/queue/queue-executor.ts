import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import { UserError } from '../../error.ts';
import type { Hooks } from '../../hooks.ts';
import { groupAlike } from '../alike.ts';
import { type Cell, nameOfCell } from '../cell.ts';
import type { CellEvents, Executor } from '../executor.ts';
import { here } from '../here.ts';
import { type Kinds, kindOf, type QueueKind } from '../kind.ts';
import type { Finished } from '../outcome.ts';
import type { CellStore } from '../store.ts';
import { idOfSweepFolder } from '../sweep-folder.ts';
import { leaveWork, workFolderOf } from '../work-folder.ts';
import { CELLS, type CellAnswer, type CellJob, FILES, type GivenBack, jobIdOf, jobOf } from './cell-job.ts';
import { DamagedParcel, receiveFiles, removePieces } from './parcel.ts';
import { closeQueues, LOOK_MS, openQueues, PATIENCE_MS, patiently, queueServer } from './queue-url.ts';

export interface QueueExecutorOptions extends Pick<Hooks, 'offline'> {
  readonly url: string;
  readonly kinds: Kinds<QueueKind>;
  /** How long the server may be away. */
  readonly patienceMs?: number;
}

const PAGE = 1000;
/** Pieces of a sweep that did not fetch them are removed after so long. */
const WEEK_MS = 7 * 24 * 3600_000;
/** A shared folder of a network may show a cell later than the queue. */
const FOLDER_DELAY_MS = 60_000;

/**
 * Puts cells into a queue and collects what workers answer. Stopped, it leaves the workers working,
 * and the same call joins them again.
 */
export function throughQueue({ url, kinds, offline, patienceMs = PATIENCE_MS }: QueueExecutorOptions): Executor {
  return async (all, root, events) => {
    // Cells that are computed from others need the folder in which those are.
    const local = all.filter(cell => kindOf(cell.kind, kinds).parts !== undefined);
    if (local.length > 0) await here(kinds, { offline })(local, root, events);
    const cells = all.filter(cell => !local.includes(cell));
    if (cells.length === 0) return;
    const { signal, onNote = () => undefined } = events;
    const server = queueServer(url);
    const patience = { ms: patienceMs, signal, onNote };
    const ask: Ask = work => patiently(server, work, patience);
    const [queue, files] = await openQueues(server, [CELLS, FILES], patience);
    try {
      await ask(() => files.clean(WEEK_MS, 0, 'wait'));
      const sweep = (await idOfSweepFolder(root))!;
      const jobs = await jobsOf(cells, kinds, { sweep, signal, offline });
      const left = new Map(cells.map(cell => [jobIdOf(cell), cell]));
      const add = async () => {
        const missing = jobs.filter(({ opts }) => left.has(opts.jobId));
        for (let i = 0; i < missing.length; i += PAGE) await ask(() => queue.addBulk(missing.slice(i, i + PAGE)));
      };
      const store = kindOf(cells[0]!.kind, kinds).storeIn(root);
      const collector = { root, store, sweep, queue, files, ask, left, events, delayed: new Map<string, number>() };
      await add();
      while (left.size > 0) {
        await collect(collector);
        // A server that lost its data, or a job that was removed by another sweep.
        if (await ask(() => isShort(queue, left))) await add();
        if (left.size > 0) await sleep(LOOK_MS, undefined, signal && { signal });
      }
    } finally {
      await leaveWork(root);
      await closeQueues([queue, files]);
    }
  };
}

/** The jobs of the cells. Those that differ only in what costs nothing read the same model and task. */
async function jobsOf(
  cells: readonly Cell[],
  kinds: Kinds<QueueKind>,
  {
    sweep,
    signal,
    offline,
  }: { readonly sweep: string; readonly signal?: AbortSignal | undefined; readonly offline?: boolean | undefined },
): Promise<readonly ReturnType<typeof jobOf>[]> {
  const kind = kindOf(cells[0]!.kind, kinds);
  const computer = kind.open();
  const jobs: ReturnType<typeof jobOf>[] = [];
  try {
    for (const group of groupAlike(cells, kind)) {
      const needs = await computer.needs(group[0]!.options, { signal, offline });
      jobs.push(...group.map(cell => jobOf({ cell, needs, sweep })));
    }
    return jobs;
  } finally {
    await computer.close();
  }
}

/** Repeats a question until the server answers. */
type Ask = <T>(work: () => Promise<T>) => Promise<T>;

interface Collector {
  readonly root: string;
  readonly store: CellStore;
  /** The id of the folder. */
  readonly sweep: string;
  readonly queue: Queue;
  readonly files: Queue;
  readonly ask: Ask;
  /** By the name of their job. */
  readonly left: Map<string, Cell>;
  readonly events: CellEvents;
  /** Since when cells should be in the folder that are not, by the name of their job. */
  readonly delayed: Map<string, number>;
}

async function isShort(queue: Queue, left: ReadonlyMap<string, Cell>): Promise<boolean> {
  const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed');
  return Object.values(counts).reduce((sum, count) => sum + count, 0) < left.size;
}

/** One look at the queue. */
async function collect(collector: Collector): Promise<void> {
  const { queue, files, ask, left, events } = collector;
  for (const state of ['completed', 'failed'] as const) {
    for (let from = 0; ; ) {
      const page = await ask(() => queue.getJobs([state], from, from + PAGE - 1, true));
      let removed = 0;
      for (const job of page) {
        const cell = job?.id === undefined ? undefined : left.get(job.id);
        if (cell === undefined) continue;
        const outcome =
          state === 'failed' ? await setAside(job as Job, cell, collector) : await finish(job as Job, cell, collector);
        if (outcome === 'waits') continue;
        // Also of a worker that was lost while it sent.
        await ask(() => removePieces(cell, files));
        // Another sweep of the same plan may have removed it.
        await ask(() => queue.remove(job.id!));
        removed++;
        if (outcome === 'again') {
          await ask(() => queue.addBulk([jobOf({ ...(job.data as CellJob), sweep: collector.sweep })]));
          continue;
        }
        left.delete(job.id!);
        await events.onFinished?.(cell, outcome);
      }
      from += page.length - removed;
      if (page.length < PAGE) break;
    }
  }
  for (const job of await ask(() => queue.getJobs(['active'], 0, PAGE))) {
    const cell = job?.id === undefined ? undefined : left.get(job.id);
    if (cell !== undefined) events.onStart?.(cell, job.processedBy ?? 'a worker');
  }
  for (const job of await ask(() => queue.getJobs(['delayed'], 0, PAGE))) {
    const cell = job?.id === undefined ? undefined : left.get(job.id);
    const { worker, why } = (job?.progress ?? {}) as Partial<GivenBack>;
    if (cell !== undefined && why !== undefined) events.onWaiting?.(cell, `given back by ${worker}: ${why}`);
  }
}

async function setAside({ failedReason }: Job, cell: Cell, { store }: Collector): Promise<Finished> {
  const stored = await store.find(cell);
  return stored ?? store.setAside(cell, new UserError(failedReason || 'its workers were lost'));
}

/** What a worker answered; `waits` while the shared folder does not show it, `again` when it must be computed again. */
async function finish(job: Job, cell: Cell, collector: Collector): Promise<Finished | 'waits' | 'again'> {
  const { store, delayed } = collector;
  const stored = await store.find(cell);
  const answer = job.returnvalue as CellAnswer;
  const used =
    answer.kind === 'failed' || answer.peakMemoryBytes === undefined ? {} : { peakMemoryBytes: answer.peakMemoryBytes };
  if (stored !== undefined) return { ...stored, ...used, found: false };
  if (answer.kind === 'failed') return store.setAside(cell, new UserError(answer.why));
  if (answer.kind === 'sent') {
    const received = await receive(cell, answer, collector);
    return received === 'again' ? received : { ...received, ...used };
  }
  // The worker stored it for another sweep, which asked first.
  if ((job.data as CellJob).sweep !== collector.sweep) return 'again';
  const since = delayed.get(job.id!) ?? performance.now();
  delayed.set(job.id!, since);
  return performance.now() - since < FOLDER_DELAY_MS ? 'waits' : 'again';
}

async function receive(
  cell: Cell,
  { parcel }: Extract<CellAnswer, { kind: 'sent' }>,
  { root, store, files, ask, events }: Collector,
): Promise<Finished | 'again'> {
  const folder = workFolderOf(root, `${nameOfCell(cell)}.${randomBytes(4).toString('hex')}.received`);
  try {
    await receiveFiles(folder, { cell, ...parcel }, id => ask(() => files.getJob(id)));
    return await store.store(cell, folder);
  } catch (error) {
    if (error instanceof DamagedParcel) {
      events.onNote?.(`${error.message}; the cell is computed again`);
      return 'again';
    }
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
