import * as z from 'zod';
import type { Device } from './device.ts';
import { checkOptions, option, wholeNumber } from './options.ts';

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

export type { Device };

/** Where models compute. */
export const deviceOption = option(
  z
    .string('must be a text')
    .refine(
      (name): name is Device => /^(cpu|webgpu|cuda(:\d{1,3})?|auto)$/.test(name),
      'must be cpu, webgpu, cuda, cuda:N with the number of a card, or auto',
    )
    .optional(),
  {
    description: 'where the model computes: cpu, webgpu, cuda[:N] or auto (the fastest that computes correctly)',
    placeholder: 'device',
    byDefault: 'cpu, or where the job was begun',
    suggestions: ['cpu', 'webgpu', 'cuda', 'auto'],
  },
);

/** Of jobs that have parts. */
export const jobsOption = option(wholeNumber(1, 1024).default(1), {
  description: 'tasks, candidates, models, chapters or cells at once, each in a process of its own',
});

/**
 * Where a job computes and writes, what stops it, and who is told of it; nothing of this decides its
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
  /** Unless given: the one that the job was begun on, else `cpu`. */
  readonly device?: Device | undefined;
  /** Refuses the network. */
  readonly offline?: boolean | undefined;
  /** Stops the job; what is stored stays. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Hears of oddities in the data, and of a crash after which the job tries once more. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Parts the hooks from the options of the job itself.
 * @throws UserError for an unknown device
 */
export function splitHooks<O extends Hooks>(
  options: O,
): { readonly hooks: Hooks; readonly wishes: Omit<O, keyof Hooks> } {
  const { out, threads, device, offline, signal, onProgress, onWarning, ...wishes } = options;
  checkOptions({ device: deviceOption }, { device });
  return { hooks: { out, threads, device, offline, signal, onProgress, onWarning }, wishes };
}
