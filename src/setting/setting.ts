/**
 * @file A setting is a pair of prefix and key/value projections and nothing else. Evaluation,
 * observation and metrics do not depend on which one it is (Dai et al.: demonstrations act where
 * key/value finetuning acts).
 */
import type { LoadedModel, Projections } from '../model/loaded-model.ts';
import { computePrefix, type Prefix } from '../model/prefix.ts';
import type { SettingName } from './setting-name.ts';

export interface Setting {
  readonly name: SettingName;
  readonly prefix: Prefix;
  readonly projections: Projections;
}

type Progress = { readonly onProgress?: (tokens: number) => void };

/** prefix = [BOS], pretrained projections. */
export async function zeroShot(model: LoadedModel, bos: number, progress: Progress = {}): Promise<Setting> {
  return make(model, 'zero-shot', [bos], model.pretrained, progress);
}

/** prefix = [BOS, demonstrations], pretrained projections. */
export async function inContext(
  model: LoadedModel,
  prefixTokens: readonly number[],
  progress: Progress = {},
): Promise<Setting> {
  return make(model, 'in-context', prefixTokens, model.pretrained, progress);
}

/** prefix = [BOS], computed with the changed projections. @param projections of `finetune` */
export async function finetuned(
  model: LoadedModel,
  bos: number,
  projections: Projections,
  progress: Progress = {},
): Promise<Setting> {
  return make(model, 'finetuned', [bos], projections, progress);
}

async function make(
  model: LoadedModel,
  name: SettingName,
  tokens: readonly number[],
  projections: Projections,
  { onProgress }: Progress,
): Promise<Setting> {
  const doing = `computing the ${name} prefix`;
  const prefix = await computePrefix(model, tokens, projections, { doing, ...(onProgress && { onProgress }) });
  return { name, prefix, projections };
}
