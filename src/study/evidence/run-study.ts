import { join } from 'node:path';
import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { readFinished, readJson, writeText } from '../../files/run-folder.ts';
import { type Hooks, splitHooks } from '../../hooks.ts';
import {
  deviceToResume,
  type Provenance,
  readProvenance,
  stopwatch,
  type Timing,
  thisMachine,
} from '../../run/provenance.ts';
import { physicalCores } from '../../runtime/node/cores.ts';
import type { EvidenceResult } from './fold/result.ts';
import { foldFolder } from './fold-folder.ts';
import type { EvidenceWishes } from './options.ts';
import { planAndRegister, type Registration } from './register-study.ts';
import { type ArmsStatus, runArms } from './run-arms.ts';

const stages = ['arms', 'fold'] as const;

export interface EvidenceOptions extends EvidenceWishes, Hooks {
  /** Computes only every n-th part of the arms, from the i-th on. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** Hears of the registration before the first arm is computed. */
  readonly onRegistered?: ((registration: Registration) => void) | undefined;
}

export interface EvidenceRun {
  /** Absolute. */
  readonly folder: string;
  /** SHA-256 (hex) of the bytes of `plan.json`. */
  readonly registered: string;
  readonly arms: ArmsStatus;
  /** Null while arms are missing: those of other shards. */
  readonly result: EvidenceResult | null;
  readonly timing: Timing<(typeof stages)[number]>;
  readonly provenance: Provenance;
}

/**
 * Asks what the similarities of in-context learning and finetuning are evidence of: registers the
 * plan, computes the arms that the folder lacks, or a shard of them, and folds the result when all
 * are there. A study that was stopped, even killed, resumes and ends with the same bytes.
 *
 * @throws UserError what the user can fix: options, model, tasks, the folder, the disk, a rate at
 * which finetuning diverges
 * @throws Interrupted after `signal`
 */
export async function runEvidence({ shard, onRegistered, ...options }: EvidenceOptions = {}): Promise<EvidenceRun> {
  const { hooks, wishes } = splitHooks(options);
  const { planned, registration } = await planAndRegister(wishes, hooks);
  const { folder, registered, plan } = registration;
  onRegistered?.(registration);
  const file = join(folder, 'provenance.json');
  const earlier = readProvenance(stages, await readJson(file));
  const device = deviceToResume(folder, hooks.device, earlier?.provenance);
  const threads = hooks.threads ?? physicalCores();
  const watch = stopwatch(stages, earlier?.timing);
  const arms = await watch.time('arms', () => runArms(planned, { ...hooks, folder, shard, device }));
  watch.notePeak(arms.peakMemoryBytes);
  const finished = arms.missing.length === 0 ? await readFinished(folder, plan) : undefined;
  if (finished !== undefined && earlier !== undefined) {
    return { folder, registered, arms, result: finished.result as unknown as EvidenceResult, ...earlier };
  }
  const result = arms.missing.length === 0 ? await watch.time('fold', () => foldFolder(folder)) : null;
  const times = { timing: watch.read(), provenance: thisMachine({ threads, device: device ?? 'cpu' }) };
  await writeText(file, prettyJson(times as unknown as Json));
  return { folder, registered, arms, result, ...times };
}
