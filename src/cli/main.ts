import { CommanderError } from 'commander';
import { Interrupted } from '../run/interrupted.ts';
import { CommandError } from './options/command-error.ts';
import { performUntil } from './perform.ts';
import { makeProgram } from './program.ts';

const EXIT_INTERRUPTED = 130;
const signal = onInterrupt();

/** A signal that the first Ctrl-C aborts; the second one ends the process at once. */
function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    controller.abort(new Interrupted('interrupted; nothing was written'));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  return controller.signal;
}

/**
 * Prints an error as one line on stderr, with its trace where --debug is given.
 * @returns the exit code
 */
function report(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  // Names in a file of others may hold characters that move a terminal's cursor or reverse its
  // text.
  const line = message.replaceAll(/[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
  const known = error instanceof CommandError || error instanceof Interrupted;
  console.error(known ? `dualform: ${line}` : `dualform: internal error: ${line}${debug ? '' : '; see --debug'}`);
  if (debug) printTrace(error, stack);
  if (error instanceof Interrupted) return EXIT_INTERRUPTED;
  return error instanceof CommandError ? error.exitCode : 1;
}

function printTrace(error: unknown, stack: string | undefined): void {
  console.error(stack);
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause !== undefined) console.error('caused by', cause);
}

// A reader that stops early (`dualform tasks | head -1`) is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// Where files may not grow further (`ulimit -f`), writing fails; the signal must not end the
// process.
if (process.platform !== 'win32') process.on('SIGXFSZ', () => undefined);

function fail(error: unknown): void {
  // An error that follows an interruption is a consequence of it.
  const interrupted = signal.aborted && !(error instanceof Interrupted);
  process.exitCode = report(interrupted ? signal.reason : error, process.argv.includes('--debug'));
}

process.on('uncaughtException', error => {
  fail(error);
  process.exit();
});

try {
  await makeProgram(performUntil(signal)).parseAsync();
} catch (error) {
  fail(error);
}
