import { UserError } from '../error.ts';

/**
 * A tensor holds NaN or infinity: the numbers that follow from it mean nothing, so the run stops. Thrown for every float
 * output that is fetched or kept, and for weights as they are loaded.
 */
export class NonFiniteError extends UserError {
  /** Name of the session whose output it is; undefined for a tensor that was loaded from a file. */
  readonly session: string | undefined;
  /** Name of the first offending tensor, for instance `layers.3.attention_output`. */
  readonly tensor: string;

  constructor(message: string, where: { readonly session: string | undefined; readonly tensor: string }) {
    super(message);
    this.session = where.session;
    this.tensor = where.tensor;
  }
}

/** Whether numbers left the finite ones, here or in what caused the error. */
export function isNonFinite(error: unknown): boolean {
  return error instanceof NonFiniteError || (error instanceof Error && error.cause instanceof NonFiniteError);
}

/** How a compute process ended that nobody asked to end. */
export interface Crash {
  /** What it was doing, as the caller named it. */
  readonly doing: string;
  /** `signal SIGSEGV` or `exit code 3`. */
  readonly cause: string;
  /** The last lines that it wrote to stderr; often empty. */
  readonly stderr: string;
}

/** The compute process ended unasked; everything that lived in it is lost. `withRuntime` turns it into a second try. */
export class CrashError extends Error {
  override readonly name = 'CrashError';
  readonly crash: Crash;

  constructor(crash: Crash) {
    super(`the compute process ended (${crash.cause}) while ${crash.doing}`);
    this.crash = crash;
  }
}
