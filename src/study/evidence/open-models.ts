/** @file The models of a study, one at a time, kept open from cell to cell. */
import { leaveWork } from '../../cell/work-folder.ts';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import type { Device } from '../../device.ts';
import type { Hooks } from '../../hooks.ts';
import { type LoadedModel, loadModel } from '../../model/loaded-model.ts';
import { deviceForModel } from '../../run/device-for-model.ts';
import { ownMemory } from '../../runtime/node/memory.ts';
import { type NodeRuntime, openRuntime, type RuntimeLender, withRuntime } from '../../runtime/node/open-runtime.ts';
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
  readonly runtime: NodeRuntime;
  readonly stop: AbortController;
  readonly untrained: UntrainedModel | undefined;
  model?: LoadedModel;
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

  async function peakMemoryBytes(): Promise<number> {
    if (held !== undefined && held.runtime.crash() === undefined && !held.stop.signal.aborted) {
      const { peakResidentBytes } = await held.runtime.usage();
      peak = Math.max(peak, peakResidentBytes + ownMemory().peakResidentBytes);
    }
    return peak;
  }

  async function close(): Promise<void> {
    await peakMemoryBytes();
    const { runtime, untrained } = held ?? {};
    held = undefined;
    await runtime?.close();
    await untrained?.remove();
  }

  const lenderOf = ({ checkpoint, initialisation, beside }: Wanted, { onProgress }: Hooks): RuntimeLender => ({
    lend: async ({ threads, device: asked }) => {
      const same = held?.checkpoint === checkpoint && held.initialisation === initialisation;
      if (!same || held?.runtime.crash() !== undefined || held?.stop.signal.aborted) await close();
      if (held === undefined) {
        const place = { folder: beside, onProgress };
        const untrained = initialisation === 0 ? undefined : await openUntrained(checkpoint, initialisation, place);
        const stop = new AbortController();
        try {
          const runtime = await openRuntime({ threads, device: asked, signal: stop.signal });
          held = { checkpoint, initialisation, runtime, stop, untrained };
        } catch (error) {
          await untrained?.remove();
          throw error;
        }
      }
      return held.runtime;
    },
    giveBack: async runtime => {
      if (runtime.crash() !== undefined || held?.stop.signal.aborted) await close();
    },
  });

  return {
    peakMemoryBytes,
    close,
    use: async (wanted, hooks, work) => {
      const { threads, signal, onWarning } = hooks;
      const { checkpoint } = wanted;
      if (device?.checkpoint !== checkpoint) device = { checkpoint, found: await deviceForModel(checkpoint, hooks) };
      const stop = () => held?.stop.abort(signal!.reason);
      signal?.addEventListener('abort', stop, { once: true });
      try {
        const lender = lenderOf(wanted, hooks);
        return await withRuntime({ threads, device: device.found, signal, onWarning, lender }, async runtime => {
          signal?.throwIfAborted();
          held!.model ??= await loadModel(held!.untrained?.checkpoint ?? checkpoint, runtime);
          return releaseAfter(held!.model, work);
        });
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    },
  };
}
