import { type NodeRuntime, openRuntime, type RuntimeLender, type RuntimeOptions } from './open-runtime.ts';

/** A compute process that several jobs use. */
export interface KeptRuntime extends RuntimeLender {
  /** Undefined while there is none. */
  readonly current: () => NodeRuntime | undefined;
  close(): Promise<void>;
}

/**
 * Keeps one compute process open until `close`. Another one takes its place after a crash, and where
 * other threads or another device are asked for.
 *
 * @param beforeClose forgets what was made in the process
 */
export function keepRuntime(beforeClose: () => void = () => undefined): KeptRuntime {
  let held: { readonly runtime: NodeRuntime; readonly options: RuntimeOptions } | undefined;

  async function close(): Promise<void> {
    const { runtime } = held ?? {};
    held = undefined;
    beforeClose();
    await runtime?.close();
  }

  return {
    close,
    current: () => held?.runtime,
    lend: async options => {
      const same = held !== undefined && isSame(held.options, options);
      // The signal of the job that opened the process has ended it.
      const stopped = held?.options.signal?.aborted ?? false;
      if (!same || stopped || held?.runtime.crash() !== undefined) await close();
      held ??= { runtime: await openRuntime(options), options };
      return held.runtime;
    },
    giveBack: async runtime => {
      if (runtime.crash() !== undefined) await close();
    },
  };
}

function isSame(a: RuntimeOptions, b: RuntimeOptions): boolean {
  return a.threads === b.threads && (a.device ?? 'cpu') === (b.device ?? 'cpu');
}
