import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import type { ProgressEvent } from './format-progress.ts';
import { showProgress } from './progress.ts';

/** What a command may do to the outside besides its own work. */
export interface Io {
  readonly offline: boolean;
  readonly threads: number | undefined;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Throws when the user asked to stop, so that work which only reports can be stopped. */
  readonly progress: (event: ProgressEvent) => void;
  /** A message on stderr. */
  readonly note: (line: string) => void;
  /** The result: the document with --json, else the text. */
  readonly answer: (document: unknown, text: () => string) => void;
}

export interface IoOptions {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly offline?: boolean | undefined;
  readonly threads?: number | undefined;
}

export function openIo(
  { json, quiet, offline, threads }: IoOptions,
  signal: AbortSignal,
): Io & { readonly end: () => void } {
  const progress = showProgress(process.stderr);
  return {
    offline: offline ?? false,
    threads,
    signal,
    end: progress.end,
    progress: event => {
      signal.throwIfAborted();
      if (!quiet) progress.report(event);
    },
    note: line => {
      if (!quiet) progress.note(line);
    },
    answer: (document, text) => {
      progress.end();
      process.stdout.write(json ? prettyJson(document as Json) : `${text()}\n`);
    },
  };
}
