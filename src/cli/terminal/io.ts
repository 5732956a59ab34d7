import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import type { Device, Hooks, Progress } from '../../hooks.ts';
import { showProgress } from './progress.ts';

/** What every action is given: terminal, threads, network, and the signal of Ctrl-C. */
export interface Io {
  readonly offline: boolean;
  readonly threads: number | undefined;
  readonly device: Device | undefined;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Throws after Ctrl-C, so that work that only reports its progress stops too. */
  readonly progress: (event: Progress) => void;
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
  readonly device?: Device | undefined;
}

/** @param word puts flags in place of the names that the library gives to options */
export function openIo(
  { json, quiet, offline, threads, device }: IoOptions,
  { signal, word }: { readonly signal: AbortSignal; readonly word: (text: string) => string },
): Io & { readonly end: () => void } {
  const progress = showProgress(process.stderr);
  return {
    offline: offline ?? false,
    threads,
    device,
    signal,
    end: progress.end,
    progress: event => {
      signal.throwIfAborted();
      if (!quiet) progress.report(event);
    },
    note: line => {
      if (!quiet) progress.note(word(line));
    },
    answer: (document, text) => {
      progress.end();
      process.stdout.write(json ? prettyJson(document as Json) : `${text()}\n`);
    },
  };
}

/** The hooks of a job that a command runs. */
export function hooksOf({ threads, device, offline, signal, progress, note }: Io): Hooks {
  return { threads, device, offline, signal, onProgress: progress, onWarning: note };
}
