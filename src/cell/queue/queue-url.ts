import { setTimeout as sleep } from 'node:timers/promises';
import { createPostgresBackend, type Processor, Queue, Worker, type WorkerOptions } from 'bullmq';
import { UserError } from '../../error.ts';
import { LOOK_AGAIN_MS } from '../look-again.ts';
import { requireSameClock, timeOfPostgres, timeOfRedis } from './clock.ts';

/** A server that holds queues: Redis, or PostgreSQL. */
export interface QueueServer {
  /** The URL without its password, for messages. */
  readonly place: string;
  /** The last error of a connection. */
  readonly trouble: () => string | undefined;
  /** In milliseconds since 1970. */
  readonly time: () => Promise<number>;
  queue(name: string): Queue;
  worker(name: string, processor: Processor, options: Omit<WorkerOptions, 'connection'>): Worker;
}

/** @throws UserError unless the URL is one of Redis or PostgreSQL */
export function queueServer(text: string): QueueServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPostgres = ['postgres:', 'postgresql:'].includes(url?.protocol ?? '');
  if (url === undefined || !(isPostgres || ['redis:', 'rediss:'].includes(url.protocol))) {
    throw new UserError('must be redis://..., rediss://... or postgres://...', {
      option: 'queue',
      value: url?.protocol,
    });
  }
  url.password = '';
  const place = String(url);
  let trouble: string | undefined;
  // Without a listener, errors of a connection would end the process.
  function listening<T extends { on(event: 'error', hear: (error: Error) => void): unknown }>(emitter: T): T {
    emitter.on('error', error => {
      trouble = reasonOf(error);
    });
    return emitter;
  }
  const common = { place, trouble: () => trouble };
  if (isPostgres) {
    // Many processes may start at once; BullMQ lets one of them make its tables.
    const connection = { connectionString: text, migrate: true } as never;
    return {
      ...common,
      time: () => timeOfPostgres(text),
      queue: name => listening(new Queue(name, { connection }, createPostgresBackend as never)),
      worker: (name, processor, options) =>
        listening(new Worker(name, processor, { ...options, connection }, createPostgresBackend as never)),
    };
  }
  // Commands wait for the server to come back, however long it takes.
  const connection = { url: text, maxRetriesPerRequest: null };
  return {
    ...common,
    time: () => timeOfRedis(text),
    queue: name => listening(new Queue(name, { connection })),
    worker: (name, processor, options) => listening(new Worker(name, processor, { ...options, connection })),
  };
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return message || code || 'no answer';
}

/** How long a server may be away, where nothing else is said. */
export const PATIENCE_MS = 60_000;
/** A queue is looked at so often. */
export const LOOK_MS = 300;

/** How long a server may be away. */
export interface Patience {
  readonly ms: number;
  readonly signal?: AbortSignal | undefined;
  readonly onNote: (message: string) => void;
}

const ANSWER_MS = 5000;

/**
 * Repeats a question to a server until it answers.
 *
 * @throws UserError when the server is away longer than `ms`, or `ask` throws one; the reason of `signal`
 */
export async function patiently<T>(
  { place, trouble }: QueueServer,
  ask: () => Promise<T>,
  { ms, signal, onNote }: Patience,
): Promise<T> {
  const since = performance.now();
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await within(ANSWER_MS, ask());
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof UserError) throw error;
      const why = (error instanceof NoAnswer && trouble()) || reasonOf(error);
      if (!told) onNote(`waiting for ${place} (${why}), at most ${Math.round(ms / 1000)} s`);
      told = true;
      const away = performance.now() - since;
      if (away > ms) {
        throw new UserError(`${place}: not reachable for ${Math.round(away / 1000)} s (${why})`, {
          remedy: 'start the server, or check the URL; the same command resumes',
        });
      }
      await sleep(LOOK_AGAIN_MS, undefined, signal && { signal });
    }
  }
}

/**
 * Opens queues once the server answers: a queue of PostgreSQL that is opened earlier stays closed.
 *
 * @throws UserError when the server is away too long, or its clock differs
 */
export async function openQueues<const Names extends readonly string[]>(
  server: QueueServer,
  names: Names,
  patience: Patience,
): Promise<{ [I in keyof Names]: Queue }> {
  await patiently(server, () => requireSameClock(server.place, server.time), patience);
  const queues = names.map(name => server.queue(name));
  try {
    await patiently(server, () => Promise.all(queues.map(queue => queue.waitUntilReady())), patience);
  } catch (error) {
    await closeQueues(queues);
    throw error;
  }
  return queues as { [I in keyof Names]: Queue };
}

/** Closes queues or workers. Where the server is away, that would wait for it, so it takes `ms` at most. */
export async function closeQueues(queues: readonly Pick<Queue, 'close'>[], ms = 2000): Promise<void> {
  const closed = Promise.allSettled(queues.map(queue => queue.close()));
  await Promise.race([closed, sleep(ms, undefined, { ref: false })]);
}

class NoAnswer extends Error {}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      work,
      sleep(ms, undefined, { signal: timer.signal }).then(() => {
        throw new NoAnswer(`no answer within ${ms / 1000} s`);
      }),
    ]);
  } finally {
    timer.abort();
  }
}
