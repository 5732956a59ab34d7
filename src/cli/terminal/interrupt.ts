import { Interrupted } from '../../run/interrupted.ts';

export const EXIT_INTERRUPTED = 130;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** A signal that the first Ctrl-C aborts; the second one ends the process at once. */
export function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    controller.abort(new Interrupted('interrupted; nothing was written'));
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  return controller.signal;
}
