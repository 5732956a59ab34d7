import { type NodeRuntime, openRuntime, type RuntimeLender, type RuntimeOptions } from './open-runtime.ts';

/** A compute process that several jobs use, one after the other. */
export interface KeptRuntime extends RuntimeLender {
  /** Undefined while there is none. */
  readonly current: () => NodeRuntime | undefined;
  close(): Promise<void>;
}

interface Held {
  readonly runtime: NodeRuntime;
  readonly options: RuntimeOptions;
}

/**
 * Keeps one compute process open until `close`. The signal of the job that uses it ends it. Another
 * one takes its place after that, after a crash, and where other threads or another device are asked
 * for.
 *
 * @param beforeClose forgets what was made in the process
 */
export function keepRuntime(beforeClose: () => void = () => undefined): KeptRuntime {
  let held: Held | undefined;
  let stop = new AbortController();
  /** Ends what ties the process to the job that uses it. */
  let untie = () => {};

  const isAlive = () => held !== undefined && held.runtime.crash() === undefined && !stop.signal.aborted;

  async function close(): Promise<void> {
    const { runtime } = held ?? {};
    held = undefined;
    beforeClose();
    await runtime?.close();
  }

  function tie(signal: AbortSignal | undefined): void {
    const end = () => stop.abort(signal!.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', end, { once: true });
    untie = () => signal?.removeEventListener('abort', end);
  }

  return {
    close,
    current: () => held?.runtime,
    lend: async options => {
      if (!isAlive() || !isSame(held!.options, options)) {
        await close();
        stop = new AbortController();
      }
      tie(options.signal);
      try {
        held ??= { runtime: await openRuntime({ ...options, signal: stop.signal }), options };
        return held.runtime;
      } catch (error) {
        untie();
        throw error;
      }
    },
    giveBack: async () => {
      untie();
      if (!isAlive()) await close();
    },
  };
}

function isSame(a: RuntimeOptions, b: RuntimeOptions): boolean {
  return a.threads === b.threads && (a.device ?? 'cpu') === (b.device ?? 'cpu');
}
