export const settingNames = ['zero-shot', 'in-context', 'finetuned'] as const;

export type SettingName = (typeof settingNames)[number];
