import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openTask } from '../../../src/task/open-task.ts';
import { draw, format } from '../format.ts';
import { mutateLines } from '../mutate-bytes.ts';
import { mutateJson } from '../mutate-json.ts';
import { strictJson } from '../strict-json.ts';

const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/tiny-tasks/${name}`, import.meta.url)));
const rows = fixture('letters.jsonl');
const settings = {
  ...JSON.parse(fixture('letters.task.json').toString()),
  labelNames: ['no', 'yes'],
  title: 'Letters',
  licence: 'none',
};

const STRANGE = [
  '',
  '{}',
  '[]',
  'null',
  '{"text":"a"}',
  '{"text":"a","label":2}',
  '{"text":"a","label":-0}',
  '{"text":"a","label":1.0}',
  '{"text":"a","label":"yes"}',
  '{"text":"a","label":"__proto__"}',
  '{"text":1,"label":0}',
  '{"text":null,"label":0}',
  '{"text":"","label":0}',
  '{"text":"\\ud800","label":0}',
  '{"text":"a","label":0,"label":1}',
  '{"text":"a","label":0} x',
  '{"text":"a","label":0,}',
  '\ufeff{"text":"a","label":0}',
  '{"__proto__":{"text":"a"},"label":0}',
  '{"text":"a\tb","label":0}',
  `{"text":"${'x'.repeat(5000)}","label":1}`,
  `{"text":${'['.repeat(3000)}${']'.repeat(3000)},"label":1}`,
];

async function open(folder: string, files: { readonly rows: Buffer; readonly settings: Buffer }) {
  writeFileSync(join(folder, 'x.jsonl'), files.rows);
  writeFileSync(join(folder, 'x.task.json'), files.settings);
  const task = await openTask(join(folder, 'x.jsonl'));
  for (const row of [...task.train(), ...task.evaluation()]) {
    if (task.labels[row.label] === undefined) throw new Error(`a row has label ${row.label}`);
    if (typeof task.prompt(row) !== 'string') throw new Error('a prompt is no text');
  }
  return task;
}

export const jsonLines = format({
  name: 'jsonl',
  mutant: random => {
    const lines = rows.toString('utf8').split('\n');
    if (draw(random, 2) === 0) return mutateLines(rows, random, STRANGE);
    const at = draw(random, lines.length - 1);
    lines[at] = mutateJson(JSON.parse(lines[at]!), random).toString('latin1');
    return Buffer.from(lines.join('\n'), 'latin1');
  },
  read: (bytes, folder) => open(folder, { rows: bytes, settings: Buffer.from(JSON.stringify(settings)) }),
  strict: (bytes, task) => {
    const mark = bytes.subarray(0, 3).equals(Buffer.from('\ufeff')) ? 3 : 0;
    const lines = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      .decode(bytes.subarray(mark))
      .replace(/\s+$/, '')
      .split('\n');
    if (lines.at(-1) === '') lines.pop();
    if (lines.length !== task.trainRows + task.evaluationRows) throw new Error(`${lines.length} lines`);
    for (const line of lines) {
      const { text } = strictJson(Buffer.from(line)) as { readonly text: unknown };
      if (typeof text !== 'string') throw new Error(`${line} has no text`);
    }
  },
});

export const taskFile = format({
  name: 'task file',
  mutant: random => mutateJson(settings, random),
  read: (bytes, folder) => open(folder, { rows, settings: bytes }),
  strict: (bytes, task) => {
    const { labels, shots } = strictJson(bytes, { mark: true }) as {
      readonly labels: readonly string[];
      readonly shots?: number;
    };
    if (labels.length !== task.labels.length) throw new Error(`${labels.length} labels`);
    if (shots !== undefined && task.defaultShots !== Math.min(shots, task.trainRows))
      throw new Error(`${task.defaultShots} shots`);
  },
});
