import type { Device } from '../../device.ts';
import { UserError } from '../../error.ts';
import { type Crash, CrashError } from '../errors.ts';
import { type Runtime, runtimeOver } from '../runtime.ts';
import { startComputeProcess } from './compute-process.ts';
import { physicalCores } from './cores.ts';
import { settleDevice } from './settle-device.ts';

/** A runtime in a child process. */
export interface NodeRuntime extends Runtime {
  /** Id of the compute process. */
  readonly pid: number;
}

export interface RuntimeOptions {
  /** `cpu` unless given. */
  readonly device?: Device | undefined;
  /** Default: the physical cores that the process may use. */
  readonly threads?: number | undefined;
  /**
   * Ends the compute process at once, even inside a graph; unanswered requests fail with the reason
   * of the signal.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Starts a compute process. The caller closes it. */
export async function openRuntime(options: RuntimeOptions = {}): Promise<NodeRuntime> {
  const threads = options.threads ?? physicalCores();
  const device = await settleDevice({ device: options.device, threads, signal: options.signal });
  const connection = await startComputeProcess({ device, threads, signal: options.signal });
  return { ...runtimeOver(connection), pid: connection.pid };
}

/** Where work gets its runtime. */
export interface RuntimeLender {
  lend(options: RuntimeOptions): Promise<NodeRuntime>;
  /** Called however the work ended, even by a crash of the runtime. */
  giveBack(runtime: NodeRuntime): Promise<void>;
}

const ownRuntime: RuntimeLender = { lend: openRuntime, giveBack: runtime => runtime.close() };

/**
 * Opens a runtime, works with it and closes it, or works with one that is lent. When the compute
 * process crashes during the work, `onWarning` is told and the whole work is done once more with a
 * new process.
 *
 * @throws UserError when that crashes too
 */
export async function withRuntime<T>(
  {
    lender = ownRuntime,
    onWarning,
    ...options
  }: RuntimeOptions & {
    readonly onWarning?: ((message: string) => void) | undefined;
    readonly lender?: RuntimeLender | undefined;
  },
  work: (runtime: NodeRuntime) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    let runtime: NodeRuntime | undefined;
    try {
      runtime = await lender.lend(options);
      return await work(runtime);
    } catch (error) {
      // The work may have wrapped the error, so the runtime says whether there was a crash.
      const crash = runtime === undefined && error instanceof CrashError ? error.crash : runtime?.crash();
      if (crash === undefined || options.signal?.aborted) throw error;
      if (attempt === 2) throw crashedTwice(crash, error);
      onWarning?.(`the compute process ended (${crash.cause}) while ${crash.doing}; trying once more`);
    } finally {
      if (runtime !== undefined) await lender.giveBack(runtime);
    }
  }
}

function crashedTwice({ doing, cause, stderr }: Crash, error: unknown): UserError {
  const output = stderr === '' ? '' : `; its last line of output: ${stderr.split('\n').at(-1)}`;
  const hint = cause === 'signal SIGKILL' ? '; the system may have run out of memory' : '';
  return new UserError(`the compute process crashed twice, the second time while ${doing} (${cause})${hint}${output}`, {
    cause: error,
  });
}
