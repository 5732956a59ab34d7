import type { Crash } from './errors.ts';
import type { Answers, Kind, Memory, Request } from './protocol.ts';

/** A connection to an executor in a child process or a worker. */
export interface Connection {
  /** Where graphs are computed: `cpu`, `webgpu`, `cuda:1`, `wasm`. */
  readonly device: string;
  /** Threads of one graph. */
  readonly threads: number;
  /**
   * Sends a request. Several may be sent before the first is answered; they are answered in order.
   */
  readonly ask: <K extends Kind>(doing: string, request: Extract<Request, { kind: K }>) => Promise<Answers[K]>;
  /** How the executor ended unexpectedly, undefined while it lives or was closed. */
  readonly crash: () => Crash | undefined;
  /**
   * Memory of the executor; does not wait for earlier requests where the system can tell it from
   * outside.
   */
  readonly memory: () => Promise<Memory>;
  /** Ends the executor, even in the middle of a graph, and resolves when it is gone. */
  readonly close: () => Promise<void>;
}
