import { oneLine, sentence, type UserError } from '../../error.ts';

/** Why a command ends: what the user reads, and the exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** 1: the job failed; 2: wrong use. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2, options: ErrorOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Flags by the names that the library gives their options: `learningRate` -> `--learning-rate`. */
export type Flags = ReadonlyMap<string, string>;

/**
 * Puts the flags of a command in place of the options that a text of the library writes in
 * backticks.
 */
export function withFlags(text: string, flags: Flags): string {
  return text.replaceAll(/`([a-z]\w*)`/g, (_, name: string) => flags.get(name) ?? name);
}

/** An error of the library in the words of a command. */
export function commandError(error: UserError, flags: Flags): CommandError {
  const { option, value, reason, remedy } = error;
  const message = sentence(option === undefined ? undefined : flags.get(option), {
    value,
    reason: withFlags(reason, flags),
    remedy: remedy === undefined ? undefined : withFlags(remedy, flags),
  });
  return new CommandError(oneLine(message), option === undefined ? 1 : 2, { cause: error });
}
