import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job, type Queue, WaitingError } from 'bullmq';
import { UserError } from '../../error.ts';
import type { Hooks } from '../../hooks.ts';
import { type Cell, nameOfCell } from '../cell.ts';
import { CellCrash, type CellModule, type CellProcess, startCellProcess } from '../cell-process.ts';
import type { Outcome } from '../outcome.ts';
import { idOfSweepFolder } from '../sweep-folder.ts';
import { folderOfCell } from '../sweep-store.ts';
import { CELLS, type CellAnswer, type CellJob, FILES, type GivenBack } from './cell-job.ts';
import { sendFiles } from './parcel.ts';
import { closeQueues, LOOK_MS, openQueues, PATIENCE_MS, queueServer } from './queue-url.ts';

export interface WorkerOptions extends Pick<Hooks, 'threads' | 'device' | 'offline' | 'signal'> {
  readonly url: string;
  readonly child: CellModule;
  /**
   * The folder of a sweep, or one of this worker alone. Without one, cells are in a temporary folder
   * until they are sent.
   */
  readonly out?: string | undefined;
  /** Stops when no cell waits. */
  readonly once?: boolean | undefined;
  readonly onNote: (message: string) => void;
  /** How long the server may be away at the start. */
  readonly patienceMs?: number;
  /** When a cell that this worker gave back is offered again: one that is busy, or that it cannot compute. */
  readonly offerAgainMs?: Partial<Record<'busy' | 'refused', number>>;
}

/** What a worker did. */
export interface WorkerReport {
  readonly schema: 'dualform.worker/1';
  readonly done: number;
  readonly failed: number;
  readonly givenBack: number;
}

/** A worker that does not renew its lock for so long is lost, and another computes its cell. */
const LOCK_MS = 15_000;
const STALLED_MS = 10_000;
const OFFER_AGAIN_MS = { busy: 2000, refused: 5000 } as const;
const CLOSE_MS = 10_000;

/**
 * Computes cells of a queue, one at a time, in a child process, until `signal`; then it gives its cell
 * back.
 *
 * @throws UserError when the server cannot be reached
 */
export async function work(options: WorkerOptions): Promise<WorkerReport> {
  const { url, once, signal, onNote, patienceMs = PATIENCE_MS } = options;
  const offerAgainMs = { ...OFFER_AGAIN_MS, ...options.offerAgainMs };
  const server = queueServer(url);
  const name = `${hostname()}:${process.pid}`;
  const [queue, files] = await openQueues(server, [CELLS, FILES], { ms: patienceMs, signal, onNote });
  const own = options.out === undefined ? await mkdtemp(join(tmpdir(), 'dualform-worker-')) : undefined;
  const root = resolve(options.out ?? own!);
  const tally = { done: 0, failed: 0, givenBack: 0 };
  const refused = new Set<string>();
  let computing: CellProcess | undefined;
  let busy = false;

  async function answer(job: Job<CellJob>, token: string): Promise<CellAnswer> {
    const { cell, needs, sweep } = job.data;
    const label = `cell ${nameOfCell(cell)} (${cell.kind})`;
    const giveBack = async (why: string, kind: keyof typeof OFFER_AGAIN_MS): Promise<never> => {
      tally.givenBack++;
      if (kind === 'refused') refused.add(job.id!);
      onNote(`${label}: given back: ${why}`);
      await job.updateProgress({ worker: name, why, refused: kind === 'refused' } satisfies GivenBack);
      await job.moveToDelayed(Date.now() + offerAgainMs[kind], token);
      throw new DelayedError();
    };
    const started = performance.now();
    const isShared = (await idOfSweepFolder(root)) === sweep;
    let outcome: Outcome;
    try {
      if (computing?.ended()) computing = undefined;
      computing ??= startCellProcess(
        options.child,
        { threads: options.threads, device: options.device, offline: options.offline },
        onNote,
      );
      outcome = await computing.compute(cell, root, { needs, alone: !isShared, signal });
    } catch (error) {
      if (signal?.aborted) {
        tally.givenBack++;
        onNote(`${label}: given back, since this worker stops`);
        await job.moveToWait(token);
        throw new WaitingError();
      }
      if (error instanceof CellCrash) onNote(`${label}: ${error.message}`);
      // The disk of this worker: another may have space.
      else if (error instanceof UserError) return giveBack(error.message, 'refused');
      throw error;
    }
    if (outcome.status === 'busy' || outcome.status === 'refused') return giveBack(outcome.why, outcome.status);
    tally[outcome.status]++;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    onNote(
      `${label}: ${outcome.status === 'failed' ? `failed: ${outcome.why}` : (outcome.note ?? `done in ${seconds} s`)}`,
    );
    const { peakMemoryBytes } = outcome.status === 'done' ? outcome : {};
    if (isShared) return { kind: 'stored', peakMemoryBytes };
    if (outcome.status === 'failed') {
      // The folder of the sweep decides whether it is tried again.
      await rm(folderOfCell(root, cell), { recursive: true, force: true });
      return { kind: 'failed', why: outcome.why };
    }
    const sent = await send(job, token, cell);
    return sent.kind === 'sent' ? { ...sent, peakMemoryBytes } : sent;
  }

  async function send(job: Job<CellJob>, token: string, cell: Cell): Promise<CellAnswer> {
    const check = async () => {
      if ((await job.extendLock(token, LOCK_MS)) !== 1) throw new Error(`Missing lock for job ${job.id}`);
    };
    try {
      const parcel = await sendFiles({ folder: folderOfCell(root, cell), cell, check }, files);
      if (own !== undefined) await rm(folderOfCell(root, cell), { recursive: true, force: true });
      return { kind: 'sent', parcel };
    } catch (error) {
      if (error instanceof UserError) return { kind: 'failed', why: error.message };
      throw error;
    }
  }

  try {
    const worker = server.worker(
      CELLS,
      async (job, token) => {
        busy = true;
        try {
          return await answer(job, token!);
        } finally {
          busy = false;
        }
      },
      { name, concurrency: 1, lockDuration: LOCK_MS, stalledInterval: STALLED_MS, maxStalledCount: 1 },
    );
    worker.on('lockRenewalFailed', ids => onNote(`lost the lock of ${ids.join(', ')}; another worker may compute it`));
    worker.on('error', error => {
      if (/Missing lock|not in the active state/.test(error.message))
        onNote(`a late result is not used: ${error.message}`);
    });
    onNote(`${name} takes cells from ${server.place}`);
    while (!signal?.aborted && !(once && !busy && (await nothingWaits(queue, refused)))) {
      await sleep(LOOK_MS, undefined, signal && { signal }).catch(() => undefined);
    }
    await closeQueues([worker], CLOSE_MS);
    return { schema: 'dualform.worker/1', ...tally };
  } finally {
    await computing?.close();
    await closeQueues([queue, files], CLOSE_MS);
    if (own !== undefined) await rm(own, { recursive: true, force: true });
  }
}

/** Whether no cell waits but those that this worker cannot compute. */
async function nothingWaits(queue: Queue, refused: ReadonlySet<string>): Promise<boolean> {
  try {
    const { waiting, delayed } = (await queue.getJobCounts('waiting', 'delayed')) as Record<string, number>;
    return waiting === 0 && delayed! <= refused.size;
  } catch {
    // The server is away; BullMQ waits for it.
    return false;
  }
}
