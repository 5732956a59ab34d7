import { UserError } from '../error.ts';
import { type Crash, CrashError, NonFiniteError } from './errors.ts';
import type { Answers, Call, Failure, Kind, Reply, Request } from './protocol.ts';

type Outcome = { readonly answer: Answers[Kind] } | { readonly error: Error };

interface Pending {
  readonly doing: string;
  readonly settle: (outcome: Outcome) => void;
}

/** The id of the start, which the executor answers when it is ready. */
const startup = 0;

/** The requests that were sent to an executor, and their replies. */
export interface Calls {
  /** Resolves when the executor can take requests. */
  readonly ready: Promise<void>;
  readonly ask: <K extends Kind>(doing: string, request: Extract<Request, { kind: K }>) => Promise<Answers[K]>;
  /** Settles the request that a reply belongs to. */
  readonly receive: (reply: Reply) => void;
  /** Fails all requests, also those to come. */
  readonly end: (error: () => Error) => void;
  /** As `end`, for an executor that ended unexpectedly. */
  readonly endByCrash: (crash: Omit<Crash, 'doing'>) => void;
  readonly crash: () => Crash | undefined;
}

/**
 * @param options.unusable the error for an executor that cannot start on this system, from its
 * message
 */
export function createCalls(options: {
  readonly send: (call: Call) => void;
  readonly unusable: (message: string) => Error;
}): Calls {
  const { send, unusable } = options;
  const pending = new Map<number, Pending>();
  let nextId = startup + 1;
  /** Why no request can be sent any more. */
  let ended: { readonly error: () => Error; readonly crash?: Crash } | undefined;

  function settled(id: number, doing: string): Promise<Answers[Kind]> {
    return new Promise((resolve, reject) => {
      pending.set(id, {
        doing,
        settle: outcome => ('answer' in outcome ? resolve(outcome.answer) : reject(outcome.error)),
      });
    });
  }

  function endFor(reason: NonNullable<typeof ended>): void {
    if (ended !== undefined) return;
    ended = reason;
    for (const { settle } of pending.values()) settle({ error: reason.error() });
    pending.clear();
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
        return { error: errorOf(reply.failure) };
    }
  }

  return {
    ready: settled(startup, 'starting').then(() => undefined),
    async ask<K extends Kind>(doing: string, request: Extract<Request, { kind: K }>): Promise<Answers[K]> {
      if (ended !== undefined) throw ended.error();
      const id = nextId++;
      const answer = settled(id, doing);
      send({ id, doing, request });
      return (await answer) as Answers[K];
    },
    receive(reply) {
      const id = 'id' in reply ? reply.id : startup;
      pending.get(id)?.settle(outcomeOf(reply));
      pending.delete(id);
    },
    end: error => endFor({ error }),
    endByCrash({ cause, stderr }) {
      // Requests are executed in order: the oldest without an answer is the one that the executor
      // ended in.
      const [oldest] = pending.values();
      const crash = { doing: oldest?.doing ?? 'waiting for work', cause, stderr };
      endFor({ error: () => new CrashError(crash), crash });
    },
    crash: () => ended?.crash,
  };
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
