/**
 * @file A setting is a pair of memory and key/value projections, and nothing else: whoever evaluates, observes or measures
 * never asks which one it looks at (Dai et al.: demonstrations act where key/value finetuning acts).
 */
import type { KeyValue, LoadedModel } from '../model/loaded-model.ts';
import { computeMemory, type Memory } from '../model/memory.ts';

export type SettingName = 'zero-shot' | 'in-context' | 'finetuned';

export const settingNames: readonly SettingName[] = ['zero-shot', 'in-context', 'finetuned'];

export interface Setting {
  readonly name: SettingName;
  readonly memory: Memory;
  readonly keyValue: KeyValue;
}

type Progress = { readonly onProgress?: (tokens: number) => void };

/** memory = [document start], pretrained projections. */
export async function zeroShot(model: LoadedModel, documentStart: number, progress: Progress = {}): Promise<Setting> {
  return make(model, 'zero-shot', [documentStart], model.pretrained, progress);
}

/** memory = [document start, demonstrations], pretrained projections. */
export async function inContext(
  model: LoadedModel,
  memoryTokens: readonly number[],
  progress: Progress = {},
): Promise<Setting> {
  return make(model, 'in-context', memoryTokens, model.pretrained, progress);
}

/** memory = [document start] as the changed projections see it. @param keyValue what finetuning left */
export async function finetuned(
  model: LoadedModel,
  documentStart: number,
  keyValue: KeyValue,
  progress: Progress = {},
): Promise<Setting> {
  return make(model, 'finetuned', [documentStart], keyValue, progress);
}

async function make(
  model: LoadedModel,
  name: SettingName,
  tokens: readonly number[],
  keyValue: KeyValue,
  { onProgress }: Progress,
): Promise<Setting> {
  const doing = `computing the ${name} memory`;
  const memory = await computeMemory(model, tokens, keyValue, { doing, ...(onProgress && { onProgress }) });
  return { name, memory, keyValue };
}
