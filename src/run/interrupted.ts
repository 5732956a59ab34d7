/** The run was stopped by its signal. What was stored stays; the same call resumes there. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** The run folder; undefined when the run had not begun. */
  readonly folder: string | undefined;

  constructor(message: string, options: { readonly folder?: string | undefined; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.folder = options.folder;
  }
}
