/** @file The models of a study, one at a time, kept open from cell to cell. */
import { leaveWork } from '../../cell/work-folder.ts';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import type { Device } from '../../device.ts';
import type { Hooks } from '../../hooks.ts';
import { type LoadedModel, loadModel } from '../../model/loaded-model.ts';
import { deviceForModel } from '../../run/device-for-model.ts';
import { keepRuntime } from '../../runtime/node/keep-runtime.ts';
import { ownMemory } from '../../runtime/node/memory.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import { openUntrained, type UntrainedModel } from './untrained-model.ts';

export interface Wanted {
  readonly checkpoint: Checkpoint;
  /** 0 for the trained model, else the number of the initialisation of an untrained one. */
  readonly initialisation: number;
  /** Where an untrained model is written. */
  readonly beside: string;
}

export interface OpenModels {
  /** Works with a model; what the work makes is released when it ends. */
  use<T>(wanted: Wanted, hooks: Hooks, work: (model: LoadedModel) => Promise<T>): Promise<T>;
  /** Of this process and the compute process together. */
  peakMemoryBytes(): Promise<number>;
  close(): Promise<void>;
}

interface Held {
  readonly checkpoint: Checkpoint;
  readonly initialisation: number;
  readonly untrained: UntrainedModel | undefined;
  /** Undefined until it is loaded into the compute process. */
  model?: LoadedModel | undefined;
}

/** Work below a folder with models that stay open until it ends. */
export async function withOpenModels<T>(folder: string, work: (models: OpenModels) => Promise<T>): Promise<T> {
  const models = openModels();
  try {
    return await work(models);
  } finally {
    await models.close();
    await leaveWork(folder);
  }
}

/** Keeps one model and one compute process open until `close`. */
export function openModels(): OpenModels {
  let held: Held | undefined;
  let device: { readonly checkpoint: Checkpoint; readonly found: Device | undefined } | undefined;
  let peak = 0;

  const kept = keepRuntime(() => {
    if (held !== undefined) held.model = undefined;
  });

  async function peakMemoryBytes(): Promise<number> {
    // A process that has ended has none to tell.
    const usage = await kept
      .current()
      ?.usage()
      .catch(() => undefined);
    if (usage !== undefined) peak = Math.max(peak, usage.peakResidentBytes + ownMemory().peakResidentBytes);
    return peak;
  }

  async function close(): Promise<void> {
    await peakMemoryBytes();
    await kept.close();
    const { untrained } = held ?? {};
    held = undefined;
    await untrained?.remove();
  }

  /** The model that is held; another one is closed first. */
  async function hold({ checkpoint, initialisation, beside }: Wanted, { onProgress }: Hooks): Promise<Held> {
    if (held?.checkpoint === checkpoint && held.initialisation === initialisation) return held;
    await close();
    const place = { folder: beside, onProgress };
    const untrained = initialisation === 0 ? undefined : await openUntrained(checkpoint, initialisation, place);
    held = { checkpoint, initialisation, untrained };
    return held;
  }

  return {
    peakMemoryBytes,
    close,
    use: async (wanted, hooks, work) => {
      const { threads, signal, onWarning } = hooks;
      const { checkpoint } = wanted;
      if (device?.checkpoint !== checkpoint) device = { checkpoint, found: await deviceForModel(checkpoint, hooks) };
      const options = { threads, device: device.found, signal, onWarning, lender: kept };
      const its = await hold(wanted, hooks);
      return withRuntime(options, async runtime => {
        its.model ??= await loadModel(its.untrained?.checkpoint ?? checkpoint, runtime);
        return releaseAfter(its.model, work);
      });
    },
  };
}
