import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { canonicalJson } from '../files/canonical-json.ts';
import type { Hooks } from '../hooks.ts';
import { type LoadedModel, loadModel } from '../model/loaded-model.ts';
import {
  type NodeRuntime,
  openRuntime,
  type RuntimeLender,
  type RuntimeOptions,
} from '../runtime/node/open-runtime.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type ModelWishes, openTextModel, type TextModel } from './prepare.ts';

/** A model that several runs use, one after the other. */
export interface SharedModel {
  readonly lender: RuntimeLender;
  /** Finds the model of the wishes; that of the last call is remembered. */
  open(wishes: ModelWishes, hooks: Hooks): Promise<TextModel>;
  /** The model with its weights, loaded by the first call. `runtime` owns what is made with the model. */
  load(checkpoint: Checkpoint, runtime: Runtime): Promise<LoadedModel>;
  close(): Promise<void>;
}

/** Equal for wishes that open the same model. */
export function modelKey({ model, heads, momentum, precision = 'float32' }: ModelWishes): string {
  return canonicalJson({ model, heads: heads ?? null, momentum: momentum ?? null, precision });
}

/** Keeps one model and one compute process open until `close`. */
export function shareModel(): SharedModel {
  let found: { readonly key: string; readonly model: Promise<TextModel> } | undefined;
  let held: { readonly runtime: NodeRuntime; readonly options: RuntimeOptions } | undefined;
  let loaded: { readonly checkpoint: Checkpoint; readonly model: Promise<LoadedModel> } | undefined;

  async function close(): Promise<void> {
    const { runtime } = held ?? {};
    held = undefined;
    loaded = undefined;
    await runtime?.close();
  }

  return {
    close,
    open: async (wishes, hooks) => {
      const key = modelKey(wishes);
      if (found?.key !== key) {
        // One model at a time is in memory.
        await close();
        const opened = openTextModel(wishes, hooks);
        found = { key, model: opened };
        opened.catch(() => {
          if (found?.model === opened) found = undefined;
        });
      }
      return found.model;
    },
    lender: {
      lend: async options => {
        const same = held?.options.threads === options.threads && held?.options.device === options.device;
        if (!same || held?.runtime.crash() !== undefined) await close();
        held ??= { runtime: await openRuntime(options), options };
        return held.runtime;
      },
      giveBack: async runtime => {
        if (runtime.crash() !== undefined) await close();
      },
    },
    load: async (checkpoint, runtime) => {
      if (held === undefined) throw new Error('shareModel: no runtime is lent');
      if (loaded?.checkpoint !== checkpoint) {
        const model = loadModel(checkpoint, held.runtime);
        loaded = { checkpoint, model };
        model.catch(() => {
          if (loaded?.model === model) loaded = undefined;
        });
      }
      return { ...(await loaded.model), runtime };
    },
  };
}
