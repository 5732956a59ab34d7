/**
 * How far a stage of the work is. The first event of a stage has `done` 0, or what an earlier call
 * had stored.
 */
export interface Progress {
  readonly stage: string;
  /** Which part of the stage: the file that is read, the candidate that is tried. */
  readonly part?: string;
  readonly done: number;
  readonly total: number;
  /** What is counted. */
  readonly unit: string;
  /** More about this moment: the loss, tokens per second. */
  readonly detail?: string;
}

export type OnProgress = (progress: Progress) => void;

/** Where models compute. */
export type Device = 'cpu';

/**
 * Where a job computes and writes, what stops it, and who hears of it; nothing of this decides its
 * numbers.
 */
export interface Hooks {
  /** The folder of the job; `runs/<signature>` unless given. */
  readonly out?: string | undefined;
  /**
   * Unless given: those that the job was begun with, else the physical cores that the process may
   * use.
   */
  readonly threads?: number | undefined;
  /** `cpu` unless given. */
  readonly device?: Device | undefined;
  /** Refuses the network. */
  readonly offline?: boolean | undefined;
  /** Stops the job; what is stored stays. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Hears of oddities in the data, and of a crash after which the job tries once more. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Parts the hooks from the options of the job itself. */
export function splitHooks<O extends Hooks>(
  options: O,
): { readonly hooks: Hooks; readonly wishes: Omit<O, keyof Hooks> } {
  const { out, threads, device, offline, signal, onProgress, onWarning, ...wishes } = options;
  return { hooks: { out, threads, device, offline, signal, onProgress, onWarning }, wishes };
}
