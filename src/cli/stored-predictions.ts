import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExampleRecord } from '../experiment/records.ts';
import type { Predictions } from '../metric/rec2ftp.ts';
import type { SettingName } from '../setting/setting.ts';

/** The predictions of a finished run, in evaluation order, from its folder. */
export async function storedPredictions(folder: string): Promise<Predictions> {
  const text = await readFile(join(folder, 'examples.jsonl'), 'utf8');
  const records = text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as ExampleRecord)
    .sort((a, b) => a.index - b.index);
  const of = (name: SettingName) => records.filter(({ setting }) => setting === name);
  const first = records.filter(({ setting }) => setting === records[0]?.setting);
  const predicted = (name: SettingName) => {
    const found = of(name);
    return found.length === 0 ? undefined : found.map(record => record.predicted);
  };
  const [zeroShot, inContext, finetuned] = [predicted('zero-shot'), predicted('in-context'), predicted('finetuned')];
  return {
    gold: first.map(({ gold }) => gold),
    ...(zeroShot && { zeroShot }),
    ...(inContext && { inContext }),
    ...(finetuned && { finetuned }),
  };
}
