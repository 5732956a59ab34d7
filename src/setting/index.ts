export {
  type FinetuneOptions,
  type Finetuning,
  finetune,
  finetuneInOneStep,
  finetuneLayerCausally,
  releaseProjections,
  sequenceLosses,
} from './finetune.ts';
export { type MatchedRate, matchRate } from './matched-rate.ts';
export { type ProjectionPart, projectionParts } from './projection-parts.ts';
export { randomStep, stepNorm } from './random-step.ts';
export { finetuned, inContext, type Setting, zeroShot } from './setting.ts';
export { type SettingName, settingNames } from './setting-name.ts';
