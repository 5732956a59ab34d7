/**
 * A mistake that the user can mend: wrong option, bad file, missing model. The message is one line that names the file
 * or option, says what is wrong and what to do. Commands print it without a stack trace.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** Exit status of the command line: 1 the job failed, 2 wrong use. */
  readonly exitCode: 1 | 2;

  constructor(message: string, options: { readonly exitCode?: 1 | 2; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}
