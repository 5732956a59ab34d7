import { UserError } from '../error.ts';

/**
 * A tensor has NaN or infinity, so results that depend on it are meaningless. Thrown for every
 * float output that is fetched or kept, and for weights when they are loaded.
 */
export class NonFiniteError extends UserError {
  /** Name of the session whose output it is; undefined for a tensor of a file. */
  readonly session: string | undefined;
  /** Name of the first such tensor, for instance `layers.3.attention_output`. */
  readonly tensor: string;

  constructor(message: string, where: { readonly session: string | undefined; readonly tensor: string }) {
    super(message);
    this.session = where.session;
    this.tensor = where.tensor;
  }
}

/** Whether the error or its cause is a NonFiniteError. */
export function isNonFinite(error: unknown): boolean {
  return error instanceof NonFiniteError || (error instanceof Error && error.cause instanceof NonFiniteError);
}

/** How an executor ended unexpectedly. */
export interface Crash {
  /** The `doing` of the request that it was executing. */
  readonly doing: string;
  /** `signal SIGSEGV` or `exit code 3`. */
  readonly cause: string;
  /** The last lines that it wrote to stderr; often empty. */
  readonly stderr: string;
}

/**
 * The executor ended unexpectedly; its sessions and tensors are lost. `withRuntime` tries once
 * more.
 */
export class CrashError extends Error {
  override readonly name = 'CrashError';
  readonly crash: Crash;

  constructor(crash: Crash) {
    super(`the compute process ended (${crash.cause}) while ${crash.doing}`);
    this.crash = crash;
  }
}
