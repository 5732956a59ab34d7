import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTask } from '../../../src/task/open-task.ts';
import { format, pick } from '../format.ts';
import { mutateLines } from '../mutate-bytes.ts';

const SETTINGS = JSON.stringify({ template: '{text} is', labels: ['bad', 'good'] });
const tabs = ['text\tlabel', 'a gorgeous film\t1', 'dull\tbad', 'so so\t0', 'fine\tgood', 'no\t0'];
const commas = tabs.map(line => line.replace('\t', ',')).with(3, '"so, so ""so""",0');

const STRANGE = [
  '',
  ',',
  '\t',
  '"',
  '"a,0',
  '"a"b,0',
  'a,0,1',
  'a\t0\t1',
  'a',
  'a,2',
  'a\t-0',
  'a\u0000,0',
  '\ufeffa,0',
  'text,label',
  'a\r0,1',
];

/** The ending of the file, then its lines. */
export const delimited = format({
  name: 'csv and tsv',
  mutant: random => {
    const ending = pick(random, ['csv', 'tsv']);
    const whole = Buffer.from(`${(ending === 'csv' ? commas : tabs).join('\n')}\n`);
    return Buffer.concat([Buffer.from(`${ending}\n`), mutateLines(whole, random, STRANGE)]);
  },
  read: async (bytes, folder) => {
    const cut = bytes.indexOf(0x0a);
    const file = join(folder, `rows.${bytes.toString('utf8', 0, cut)}`);
    writeFileSync(file, bytes.subarray(cut + 1));
    writeFileSync(join(folder, 'rows.task.json'), SETTINGS);
    const task = await openTask(file);
    return [...task.train(), ...task.evaluation()].map(row => task.prompt(row));
  },
  strict: (bytes, prompts) => {
    // No prompt contains text that is in none of the lines.
    const text = new TextDecoder('utf-8', { fatal: true })
      .decode(bytes.subarray(bytes.indexOf(0x0a) + 1))
      .replaceAll('""', '"');
    for (const prompt of prompts) {
      if (!text.includes(prompt.replace(/ is$/, ''))) throw new Error(`${JSON.stringify(prompt)} is in no line`);
    }
  },
});
