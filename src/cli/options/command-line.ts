import type { OptionShape } from '../../options.ts';

/** A line of `--help` that can be typed as it is. */
export interface Example {
  readonly line: string;
  readonly says: string;
}

export interface Argument {
  readonly name: string;
  readonly description: string;
  readonly choices?: readonly string[];
  /** Whether it may be left out. */
  readonly optional?: boolean;
  /** Whether any number may be given. */
  readonly variadic?: true;
}

/**
 * A command as it is typed. Nothing that it imports may compute: the help of dualform loads every
 * command.
 */
export interface CommandLine {
  readonly name: string;
  readonly description: string;
  readonly argument?: Argument;
  /** Loaded when the command is typed: to load zod takes longer than to list the commands. */
  readonly options?: () => Promise<OptionShape>;
  /** The folder that the command writes, in addition to its options. */
  readonly out?: { readonly description: string; readonly byDefault: string };
  /** Whether a model computes: the command has `--device`. */
  readonly computes?: true;
  /** Whether several processes can compute its parts: the command has `--jobs`. */
  readonly parts?: true;
  /** What `--dry-run` shows, where the command has it. */
  readonly dryRun?: string;
  readonly examples: readonly Example[];
}

/** What `out`, `dryRun` and `parts` of a command line give to its action. */
export interface JobOptions {
  readonly jobs?: number | undefined;
  readonly out?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

/** What an action is given: its options as the schema reads them, and the arguments. */
export interface Given<Options> {
  readonly options: Options;
  /** The first argument. */
  readonly argument?: string | undefined;
  /** All of them, of a command that takes any number. */
  readonly args?: readonly string[];
}

/** What was typed: options by name as text, and arguments. */
export interface Typed {
  readonly options: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
}

/** Runs a command. */
export type Perform = (command: CommandLine, typed: Typed) => Promise<void>;
