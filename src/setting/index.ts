export { type FinetuneOptions, type Finetuning, finetune, releaseProjections } from './finetune.ts';
export { finetuned, inContext, type Setting, zeroShot } from './setting.ts';
export { type SettingName, settingNames } from './setting-name.ts';
