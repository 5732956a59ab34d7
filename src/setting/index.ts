export { type FinetuneOptions, type Finetuning, finetune, releaseProjections } from './finetune.ts';
export {
  finetuned,
  inContext,
  type Setting,
  type SettingName,
  settingNames,
  zeroShot,
} from './setting.ts';
