import { type ChildProcess, fork } from 'node:child_process';
import { childModule } from '../../child-module.ts';
import { UserError } from '../../error.ts';
import type { Connection } from '../connection.ts';
import { type Crash, CrashError, NonFiniteError } from '../errors.ts';
import type { Answers, Failure, Kind, Order, Reply, Request } from '../protocol.ts';
import { memoryOf } from './memory.ts';

/** The parent's end of a compute process. */
export interface ComputeProcess extends Connection {
  readonly pid: number;
}

type Outcome = { readonly answer: Answers[Kind] } | { readonly error: Error } | { readonly failure: Failure };

interface Pending {
  readonly doing: string;
  readonly settle: (outcome: Outcome) => void;
}

/** The id under which the first sign of life is awaited. */
const startup = 0;
const stderrKept = 4096;

/**
 * Starts a compute process and waits until onnxruntime is loaded in it.
 * @throws UserError when onnxruntime does not load on this system; the reason of `signal` when it is aborted
 */
export async function startComputeProcess(options: {
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}): Promise<ComputeProcess> {
  const { threads, signal } = options;
  signal?.throwIfAborted();
  const { file, execArgv } = childModule('child', import.meta.url);
  const child = fork(file, [String(threads)], {
    serialization: 'advanced',
    // stdout is for results alone; what native code says before it dies goes into the report of the crash.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--expose-gc', ...execArgv],
  });
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let stderr = '';
  /** Why nothing can be asked any more. */
  let ended: { readonly error: () => Error; readonly crash?: Crash } | undefined;

  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-stderrKept);
  });
  const gone = new Promise<void>(resolve => {
    child.once('close', () => resolve());
    child.once('error', () => child.pid === undefined && resolve());
  });

  function end(reason: NonNullable<typeof ended>): void {
    if (ended !== undefined) return;
    ended = reason;
    signal?.removeEventListener('abort', abort);
    for (const { settle } of pending.values()) settle({ error: reason.error() });
    pending.clear();
  }
  function crashed(cause: string): void {
    // Orders are carried out in turn: the oldest without an answer is the one that it died of.
    const [oldest] = pending.values();
    const crash = { doing: oldest?.doing ?? 'waiting for work', cause, stderr: stderr.trim() };
    end({ error: () => new CrashError(crash), crash });
  }
  function abort(): void {
    end({ error: () => signal!.reason as Error });
    child.kill('SIGKILL');
  }
  async function close(): Promise<void> {
    end({ error: () => new Error('the runtime is closed') });
    child.kill('SIGKILL');
    await gone;
  }

  const ready = new Promise<Outcome>(settle => pending.set(startup, { doing: 'starting', settle }));
  child.on('message', (reply: Reply) => {
    const id = 'id' in reply ? reply.id : startup;
    pending.get(id)?.settle(outcomeOf(reply));
    pending.delete(id);
  });
  // 'close' comes after the last message and the last of stderr, 'exit' may come before them.
  child.once('close', (code, name) => crashed(name === null ? `exit code ${code}` : `signal ${name}`));
  child.on('error', error => {
    // With a process there will be a 'close' as well.
    if (child.pid === undefined) crashed(error.message);
  });
  signal?.addEventListener('abort', abort, { once: true });

  const first = await ready;
  if ('error' in first) {
    await close();
    throw first.error;
  }
  async function ask<K extends Kind>(doing: string, order: Extract<Order, { kind: K }>): Promise<Answers[K]> {
    if (ended !== undefined) throw ended.error();
    const outcome = await new Promise<Outcome>(settle => {
      const id = nextId++;
      pending.set(id, { doing, settle });
      tell(child, { id, doing, order });
    });
    if ('answer' in outcome) return outcome.answer as Answers[K];
    throw 'error' in outcome ? outcome.error : errorOf(outcome.failure);
  }
  const pid = child.pid!;
  return {
    pid,
    threads,
    ask,
    crash: () => ended?.crash,
    memory: async () => memoryOf(pid) ?? ask('measuring memory', { kind: 'memory' }),
    close,
  };
}

function tell(child: ChildProcess, request: Request): void {
  // A failed send means that the process is gone; its end settles every request.
  child.send(request, () => {});
}

function outcomeOf(reply: Reply): Outcome {
  switch (reply.kind) {
    case 'ready':
      return { answer: {} };
    case 'unusable':
      return { error: unusable(reply.message) };
    case 'answer':
      return { answer: reply.answer };
    case 'failure':
      return { failure: reply.failure };
  }
}

function unusable(message: string): UserError {
  const reason = message.split('\n')[0]!;
  const system = `${process.platform} ${process.arch}`;
  return new UserError(
    `onnxruntime does not load on this system (${system}): ${reason}; it needs Linux with glibc 2.28, macOS on arm64 or Windows`,
  );
}

function errorOf(failure: Failure): Error {
  switch (failure.kind) {
    case 'non-finite':
      return new NonFiniteError(failure.message, failure);
    case 'user':
      return new UserError(failure.message);
    case 'bug':
      return new Error(failure.message);
  }
}
