import { CommanderError } from 'commander';
import { UserError } from '../error.ts';
import { Interrupted } from '../run/interrupted.ts';
import { performUntil } from './perform.ts';
import { makeProgram } from './program.ts';
import { EXIT_INTERRUPTED, onInterrupt } from './terminal/interrupt.ts';

const signal = onInterrupt();

/** What the process ends with; errors are one line on stderr, with their trace where --debug asks for it. */
function exitCodeOf(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  // Names in a foreign file may hold what moves a terminal's cursor or turns its text around.
  const line = message.replaceAll(/[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
  const known = error instanceof UserError || error instanceof Interrupted;
  console.error(known ? `dualform: ${line}` : `dualform: internal error: ${line}${debug ? '' : '; see --debug'}`);
  if (debug) printTrace(error, stack);
  if (error instanceof Interrupted) return EXIT_INTERRUPTED;
  return error instanceof UserError ? error.exitCode : 1;
}

function printTrace(error: unknown, stack: string | undefined): void {
  console.error(stack);
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause !== undefined) console.error('caused by', cause);
}

// A reader that has seen enough (`dualform tasks | head -1`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// A file that may grow no further (`ulimit -f`) is an error of writing, not the end of the process.
if (process.platform !== 'win32') process.on('SIGXFSZ', () => undefined);

function fail(error: unknown): void {
  // Whatever breaks on the way out of an interrupted job, it was the user who ended it.
  const interrupted = signal.aborted && !(error instanceof Interrupted);
  process.exitCode = exitCodeOf(interrupted ? signal.reason : error, process.argv.includes('--debug'));
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
