import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import * as z from 'zod';
import { type Device, deviceClass } from '../device.ts';
import { UserError } from '../error.ts';
import type { Json } from '../files/canonical-json.ts';
import { renameKeys } from '../files/rename-keys.ts';
import { physicalCores } from '../runtime/node/cores.ts';
import { VERSION } from './version.ts';

/** Of the main job. */
export const timedStages = [
  'load',
  'prefix',
  'zero-shot',
  'in-context',
  'finetuning',
  'steadiness',
  'finetuned',
  'metrics',
] as const;
/** Evaluating queries counts under the name of the setting. */
export type TimedStage = (typeof timedStages)[number];

/**
 * The time of a run, stage by stage, summed over all calls of an interrupted run. What was computed
 * again (loading, prefixes, finetuning, the last stored batch) counts again.
 */
export interface Timing<S extends string = TimedStage> {
  /** For settings, time inside the graph; for other stages, wall-clock time. */
  readonly seconds: Readonly<Record<S, number>>;
  /** Tokens fed. */
  readonly tokens: Readonly<Record<S, number>>;
  /** Peak of this process and the compute process together. */
  readonly peakMemoryBytes: number;
}

/** What may differ between two runs of one plan. */
export interface Provenance {
  readonly version: string;
  readonly runtime: string;
  readonly cpu: string;
  readonly threads: number;
  readonly device: string;
  /** When the run last wrote to the folder, ISO 8601. */
  readonly date: string;
}

const provenance = z.object({
  version: z.string(),
  runtime: z.string(),
  cpu: z.string(),
  threads: z.number(),
  // Earlier versions computed on the CPU only.
  device: z.string().default('cpu'),
  date: z.string(),
});

/** `provenance.json`. */
export interface ProvenanceFile<S extends string = TimedStage> {
  readonly timing: Timing<S>;
  readonly provenance: Provenance;
}

/**
 * What an earlier call wrote; undefined if it cannot be read, since times are not worth an error.
 */
export function readProvenance<S extends string>(
  stages: readonly S[],
  json: Json | undefined = null,
): ProvenanceFile<S> | undefined {
  // Earlier versions called the stage `prefix` `memory`.
  const today = renameKeys(json, { 'timing.seconds.memory': 'prefix', 'timing.tokens.memory': 'prefix' });
  // Stages that an earlier version did not have count as 0.
  const numbers = z
    .partialRecord(z.enum(stages as [S, ...S[]]), z.number())
    .transform(given => Object.fromEntries(stages.map(stage => [stage, given[stage] ?? 0])));
  const timing = z.object({ seconds: numbers, tokens: numbers, peakMemoryBytes: z.number() });
  return z.object({ timing, provenance }).safeParse(today).data as ProvenanceFile<S> | undefined;
}

export function thisMachine({ threads, device }: Pick<Provenance, 'threads' | 'device'>): Provenance {
  const onnxruntime = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version } = JSON.parse(readFileSync(onnxruntime, 'utf8')) as { version: string };
  return {
    version: VERSION,
    runtime: `onnxruntime-node ${version}, node ${process.versions.node}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    threads,
    device,
    date: new Date().toISOString(),
  };
}

/** Of a finished job whose provenance cannot be read. */
export function unknownMachine(threads: number | undefined): Provenance {
  return thisMachine({ threads: threads ?? physicalCores(), device: 'unknown' });
}

/**
 * The device that a job resumes on: the one that it was begun on.
 * @param asked the device that is requested
 * @throws UserError when devices of that class round otherwise
 */
export function deviceToResume(
  folder: string,
  asked: Device | undefined,
  earlier: Pick<Provenance, 'device'> | undefined,
): Device | undefined {
  if (earlier === undefined) return asked;
  const begun = earlier.device;
  if (asked === undefined || asked === 'auto') return begun as Device;
  if (deviceClass(asked) === deviceClass(begun)) return asked;
  throw new UserError(`${folder} was begun on ${begun}, which rounds otherwise`, {
    option: 'device',
    value: asked,
    remedy: `resume it with \`device\` ${begun}, or give another \`out\``,
  });
}

/** Adds up times and tokens. */
export interface Stopwatch<S extends string = TimedStage> {
  add(stage: S, seconds: number, tokens?: number): void;
  /** Runs the work and counts its wall-clock time. */
  time<T>(stage: S, work: () => Promise<T>): Promise<T>;
  timeNow<T>(stage: S, work: () => T): T;
  notePeak(bytes: number): void;
  read(): Timing<S>;
}

/** @param earlier times of earlier calls */
export function stopwatch<S extends string>(stages: readonly S[], earlier: Timing<S> | undefined): Stopwatch<S> {
  const zeros = () => Object.fromEntries(stages.map(stage => [stage, 0])) as Record<S, number>;
  const seconds = { ...zeros(), ...earlier?.seconds };
  const tokens = { ...zeros(), ...earlier?.tokens };
  let peakMemoryBytes = earlier?.peakMemoryBytes ?? 0;
  const since = (start: number) => (performance.now() - start) / 1000;
  return {
    add: (stage, spent, fed = 0) => {
      seconds[stage] += spent;
      tokens[stage] += fed;
    },
    time: async (stage, work) => {
      const start = performance.now();
      try {
        return await work();
      } finally {
        seconds[stage] += since(start);
      }
    },
    timeNow: (stage, work) => {
      const start = performance.now();
      const made = work();
      seconds[stage] += since(start);
      return made;
    },
    notePeak: bytes => {
      peakMemoryBytes = Math.max(peakMemoryBytes, bytes);
    },
    read: () => ({ seconds: { ...seconds }, tokens: { ...tokens }, peakMemoryBytes }),
  };
}
