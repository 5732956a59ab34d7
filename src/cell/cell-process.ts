import { fork } from 'node:child_process';
import type { ChildModule } from '../child-module.ts';
import { UserError } from '../error.ts';
import type { Progress } from '../hooks.ts';
import type { Cell } from './cell.ts';
import type { Kinds } from './kind.ts';
import type { Outcome } from './outcome.ts';
import type { CellProcessOptions, CellReply, CellRequest } from './process-protocol.ts';

/** A module that calls `serveCells` with these kinds. */
export interface CellModule extends ChildModule {
  readonly kinds: Kinds;
}

/** A child process that computes cells, one at a time. */
export interface CellProcess {
  readonly pid: number;
  /** @throws CellCrash when the process ends; UserError when the system refuses; the reason of `signal` */
  compute(
    cell: Cell,
    root: string,
    options: Pick<Extract<CellRequest, { kind: 'compute' }>, 'needs' | 'alone'> & {
      readonly signal?: AbortSignal | undefined;
      readonly onProgress?: (progress: Progress) => void;
    },
  ): Promise<Outcome>;
  readonly ended: () => boolean;
  /** Lets the process close what it has open; one that does not end is ended. */
  close(): Promise<void>;
}

/** A process that does not end within so long is killed. */
const CLOSE_MS = 5000;

/** The process ended while it computed a cell. */
export class CellCrash extends Error {
  override readonly name = 'CellCrash';
}

export function startCellProcess(
  { file, execArgv }: CellModule,
  options: CellProcessOptions,
  onWarning: (message: string) => void = () => undefined,
): CellProcess {
  const child = fork(file, [JSON.stringify(options)], { execArgv: [...execArgv], stdio: ['ignore', 2, 2, 'ipc'] });
  let cause: string | undefined;
  let settle: ((result: CellReply | CellCrash) => void) | undefined;
  let report: ((progress: Progress) => void) | undefined;
  const crashed = () => new CellCrash(`the process that computed it ended with ${cause}`);
  const gone = new Promise<void>(resolve => {
    const end = (why: string) => {
      cause ??= why;
      settle?.(crashed());
      resolve();
    };
    child.once('close', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    child.once('error', error => child.pid === undefined && end(error.message));
  });
  child.on('message', (message: CellReply) => {
    if (message.kind === 'warning') onWarning(message.message);
    else if (message.kind === 'progress') report?.(message.progress);
    else settle?.(message);
  });
  // A request that cannot be sent is settled by the end of the process.
  const send = (request: CellRequest) => child.send(request, () => undefined);

  return {
    pid: child.pid ?? 0,
    ended: () => cause !== undefined,
    compute: async (cell, root, { signal, onProgress, ...more }) => {
      signal?.throwIfAborted();
      if (cause !== undefined) throw crashed();
      const stop = () => send({ kind: 'stop' });
      signal?.addEventListener('abort', stop, { once: true });
      try {
        const reply = await new Promise<CellReply | CellCrash>(resolve => {
          settle = resolve;
          report = onProgress;
          send({ kind: 'compute', cell, root, ...more });
        });
        if (reply instanceof CellCrash) throw reply;
        if (reply.kind === 'outcome') return reply.outcome;
        signal?.throwIfAborted();
        throw new UserError(reply.kind === 'error' ? reply.message : 'the cell was stopped');
      } finally {
        settle = undefined;
        report = undefined;
        signal?.removeEventListener('abort', stop);
      }
    },
    close: async () => {
      send({ kind: 'end' });
      const late = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS);
      await gone;
      clearTimeout(late);
    },
  };
}
