import type { Crash } from './errors.ts';
import type { Answers, Kind, Memory, Order } from './protocol.ts';

/** The caller's end of a link to an executor, which lives in a child process or a worker. */
export interface Connection {
  /** Threads of one graph. */
  readonly threads: number;
  /** Sends an order; several may be on their way, they are answered in turn. */
  readonly ask: <K extends Kind>(doing: string, order: Extract<Order, { kind: K }>) => Promise<Answers[K]>;
  /** How the executor ended unexpectedly, undefined while it lives or was closed. */
  readonly crash: () => Crash | undefined;
  /** Memory of the executor; does not wait for orders on their way where the system can tell it from outside. */
  readonly memory: () => Promise<Memory>;
  /** Ends the executor, even in the middle of a graph, and resolves when it is gone. */
  readonly close: () => Promise<void>;
}
