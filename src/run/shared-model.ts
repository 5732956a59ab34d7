import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { canonicalJson } from '../files/canonical-json.ts';
import type { Hooks } from '../hooks.ts';
import { type LoadedModel, loadModel } from '../model/loaded-model.ts';
import { keepRuntime } from '../runtime/node/keep-runtime.ts';
import type { RuntimeLender } from '../runtime/node/open-runtime.ts';
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
  let loaded: { readonly checkpoint: Checkpoint; readonly model: Promise<LoadedModel> } | undefined;

  const kept = keepRuntime(() => {
    loaded = undefined;
  });

  return {
    close: kept.close,
    lender: kept,
    open: async (wishes, hooks) => {
      const key = modelKey(wishes);
      if (found?.key !== key) {
        // One model at a time is in memory.
        await kept.close();
        const opened = openTextModel(wishes, hooks);
        found = { key, model: opened };
        opened.catch(() => {
          if (found?.model === opened) found = undefined;
        });
      }
      return found.model;
    },
    load: async (checkpoint, runtime) => {
      const held = kept.current();
      if (held === undefined) throw new Error('shareModel: no runtime is lent');
      if (loaded?.checkpoint !== checkpoint) {
        const model = loadModel(checkpoint, held);
        loaded = { checkpoint, model };
        model.catch(() => {
          if (loaded?.model === model) loaded = undefined;
        });
      }
      return { ...(await loaded.model), runtime };
    },
  };
}
