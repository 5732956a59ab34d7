/** What an error says besides its reason. */
export interface ErrorDetails {
  /** The wrong option, by its name in the library: `learningRate`. */
  readonly option?: string | undefined;
  /** What the option was set to. */
  readonly value?: unknown;
  /** What to do about it, without a full stop. */
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
}

/**
 * A mistake that the user can correct: a wrong option, a bad file, a missing model. The message is
 * one line, `option value: reason; remedy`. Reason and remedy write the names of other options in
 * backticks, as in "give another `out`", so that the command line can put its flags in their place.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly option: string | undefined;
  readonly value: unknown;
  readonly reason: string;
  readonly remedy: string | undefined;

  /**
   * @param reason control characters in it, as in the name of a tensor in a damaged file, are
   * written as escapes
   */
  constructor(reason: string, { option, value, remedy, cause }: ErrorDetails = {}) {
    super(oneLine(sentence(option, { value, reason, remedy })), cause === undefined ? undefined : { cause });
    this.option = option;
    this.value = value;
    this.reason = reason;
    this.remedy = remedy;
  }
}

/**
 * `name value: reason; remedy`, where `name` is the option as its reader writes it; without one,
 * the value alone.
 */
export function sentence(
  name: string | undefined,
  { value, reason, remedy }: Pick<UserError, 'value' | 'reason' | 'remedy'>,
): string {
  const subject = [name, value === undefined ? undefined : showValue(value)].filter(part => part !== undefined);
  return `${subject.length === 0 ? '' : `${subject.join(' ')}: `}${reason}${remedy === undefined ? '' : `; ${remedy}`}`;
}

/** A value as it is typed; in quotes where its ends would not show. */
function showValue(value: unknown): string {
  const text = typed(value);
  return text === '' || /[\s"'\\;]/.test(text) ? JSON.stringify(text) : text;
}

/** Lists with commas, lists of lists with semicolons. */
function typed(value: unknown): string {
  if (Array.isArray(value)) return value.map(typed).join(value.some(Array.isArray) ? ';' : ',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The name of a tensor or file must neither break the line nor control the terminal. */
export function oneLine(message: string): string {
  return message.replace(/[\p{Cc}\u2028\u2029]/gu, character => {
    const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
    return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
