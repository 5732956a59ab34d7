/**
 * A mistake that the user can mend: wrong option, bad file, missing model. The message is one line that names the file
 * or option, says what is wrong and what to do. Commands print it without a stack trace.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** Exit status of the command line: 1 the job failed, 2 wrong use. */
  readonly exitCode: 1 | 2;

  /** @param message control characters in it, as of the name of a tensor in a damaged file, are written as escapes */
  constructor(message: string, options: { readonly exitCode?: 1 | 2; readonly cause?: unknown } = {}) {
    super(oneLine(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** A name out of a file must neither break the line nor speak to the terminal. */
function oneLine(message: string): string {
  return message.replace(/[\p{Cc}\u2028\u2029]/gu, character => {
    const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
    return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
