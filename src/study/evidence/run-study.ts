import type { CellOptions } from '../../cell/cell.ts';
import type { MakeExecutor } from '../../cell/executor.ts';
import { here } from '../../cell/here.ts';
import type { Shard } from '../../cell/shard.ts';
import { readFinished } from '../../files/run-folder.ts';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { deviceToResume, type Provenance, stopwatch, unknownMachine } from '../../run/provenance.ts';
import { physicalCores } from '../../runtime/node/cores.ts';
import { ownMemory } from '../../runtime/node/memory.ts';
import type { EvidenceResult } from './fold/result.ts';
import { foldFolder } from './fold-folder.ts';
import { withOpenModels } from './open-models.ts';
import type { EvidenceWishes } from './options.ts';
import { armsKind } from './part-kinds.ts';
import { planAndRegister, type Registration } from './register-study.ts';
import { type ArmsStatus, computeArms, type Used } from './run-arms.ts';
import { noteTimes, readTimes, type StudyTimes, stages, sumOf } from './times.ts';

export interface EvidenceOptions extends EvidenceWishes, Hooks {
  /** Computes the arms; `here` unless given. */
  readonly executor?: MakeExecutor | undefined;
  /** Computes only every n-th part of the arms, from the i-th on. */
  readonly shard?: Shard | undefined;
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
  readonly timing: StudyTimes;
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
export async function runEvidence(options: EvidenceOptions = {}): Promise<EvidenceRun> {
  const { executor = here, shard, onRegistered, ...others } = options;
  const { hooks, wishes } = splitHooks(others);
  const { planned, registration } = await planAndRegister(wishes, hooks);
  const { folder, registered, plan } = registration;
  onRegistered?.(registration);
  const earlier = await readTimes(folder);
  const device = deviceToResume(folder, hooks.device, earlier?.provenance);
  const threads = hooks.threads ?? physicalCores();
  const watch = stopwatch(stages, undefined);
  const machine = { threads, device };
  const work = {
    ...{ ...hooks, folder, shard },
    study: { options: jsonOf(wishes), plan: registration.signature },
    // A call that is killed leaves the device.
    onBegin: () => noteTimes(folder, before => before ?? stopwatch(stages, undefined).read(), machine),
    onComputed: ({ peakMemoryBytes, tokens }: Used) => {
      watch.add('arms', 0, tokens - watch.read().tokens.arms);
      watch.notePeak(peakMemoryBytes);
    },
  };
  const save = () => noteTimes(folder, before => sumOf(before, watch.read()), machine);
  let arms: ArmsStatus;
  try {
    arms = await withOpenModels(folder, models => {
      const kind = armsKind(async () => planned, models);
      const made = executor(new Map([[kind.name, kind]]), { ...hooks, threads, device });
      return watch.time('arms', () => computeArms(planned, { ...work, executor: made }));
    });
  } catch (error) {
    if (watch.read().tokens.arms > 0) await save().catch(() => undefined);
    throw error;
  }
  const finished = arms.missing.length === 0 ? await readFinished(folder, plan) : undefined;
  if (finished !== undefined && earlier !== undefined) {
    return { folder, registered, arms, result: finished.result as unknown as EvidenceResult, ...earlier };
  }
  const result = arms.missing.length === 0 ? await watch.time('fold', () => foldFolder(folder)) : null;
  watch.notePeak(ownMemory().peakResidentBytes);
  // Nothing says where arms were computed that were there without times.
  const isUnknown = earlier === undefined && watch.read().tokens.arms === 0;
  const times = isUnknown ? { timing: watch.read(), provenance: unknownMachine(threads) } : await save();
  return { folder, registered, arms, result, ...times };
}

/** As another process reads it. */
function jsonOf(wishes: EvidenceWishes): CellOptions {
  return JSON.parse(JSON.stringify(wishes)) as CellOptions;
}
