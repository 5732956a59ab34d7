import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UserError } from '../error.ts';
import { listTasks, openTask, TASK_NAMES } from './open-task.ts';

const FIRST_ROWS: Readonly<Record<string, string>> = {
  sst2: '859 619 662 605 153 488 265 613 436 152',
  sst5: '675 962 298 310 641 726 304 268 111 297',
  mr: '500 802 105 655 84 1064 583 130 885 385',
  subj: '1883 109 417 1978 336 232 757 395 21 1594',
  agnews: '5850 5886 4925 6741 1068 619 3991 636 2534 1552',
  cb: '39 6 28 30 14 20 50 24 27 25',
};
const SIZES: Readonly<Record<string, readonly [train: number, evaluation: number, classes: number, shots: number]>> = {
  sst2: [67_349, 872, 2, 32],
  sst5: [8_544, 1_101, 5, 32],
  mr: [8_530, 1_066, 2, 32],
  subj: [8_000, 2_000, 2, 32],
  agnews: [8_776, 2_000, 4, 22],
  cb: [250, 56, 3, 19],
};

describe('embedded tasks', () => {
  test.each(TASK_NAMES)('%s: sizes, evaluation order, labels', async name => {
    const task = await openTask(name);
    const [train, evaluation, classes, shots] = SIZES[name]!;
    expect([task.trainRows, task.evaluationRows, task.labels.length, task.defaultShots]).toEqual([
      train,
      evaluation,
      classes,
      shots,
    ]);
    expect(task.train()).toHaveLength(train);
    expect(task.evaluation()).toHaveLength(evaluation);
    expect(
      task
        .evaluation()
        .slice(0, 10)
        .map(row => row.id)
        .join(' '),
    ).toBe(FIRST_ROWS[name]);
    for (const rows of [task.train(), task.evaluation()]) {
      expect(new Set(rows.map(row => row.id)).size).toBe(rows.length);
      expect(new Set(rows.map(row => row.label))).toEqual(new Set(task.labels.keys()));
      expect(rows.every(row => task.fields.every(field => row.fields[field]!.trim() !== ''))).toBe(true);
    }
    expect(task.labels.every(word => /^ \w+$/.test(word))).toBe(true);
  });

  test.each(TASK_NAMES)('%s: files are as the manifest says', name => {
    const folder = new URL(`../../data/${name}/`, import.meta.url);
    const { files } = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8'));
    for (const { file, bytes, sha256 } of [files.train, files.evaluation]) {
      const content = readFileSync(new URL(file, folder));
      expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256]);
    }
  });

  test('prompts: the trailing space of SST-2 stays, CB ends its hypothesis with a full stop', async () => {
    const prompt = async (name: string, template: 'paper' | 'code' = 'code') => {
      const task = await openTask(name, { template });
      return task.prompt(task.evaluation()[0]!);
    };
    expect(await prompt('sst2')).toMatch(/^Sentence: .* {2}Label:$/);
    expect(await prompt('mr')).toMatch(/^Review: .*\S Sentiment:$/);
    expect(await prompt('subj')).toMatch(/^Input: .*\S Type:$/);
    expect(await prompt('cb')).toMatch(/ Question: .*\w\. True, False, or Neither\? Answer:$/);
    expect(await prompt('cb', 'paper')).toMatch(/ Question: .*\w True, False, or Neither\? Answer:$/);
    expect(await prompt('agnews')).toMatch(/^Classify the news .* Business, and Technology\. Article: .* Answer:$/);
    expect(await prompt('agnews', 'paper')).toMatch(/Business, and Technology\. News: .* Type:$/);
  });

  test('the digest differs between tasks and where the templates differ', async () => {
    const digest = async (name: string, template: 'paper' | 'code') => (await openTask(name, { template })).digest;
    const code = await Promise.all(TASK_NAMES.map(name => digest(name, 'code')));
    const paper = await Promise.all(TASK_NAMES.map(name => digest(name, 'paper')));
    expect(new Set(code).size).toBe(6);
    expect(TASK_NAMES.filter((_, i) => code[i] !== paper[i])).toEqual(['agnews', 'cb']);
  });

  test('the list says what the tasks say', async () => {
    for (const { bytes, ...summary } of listTasks()) {
      expect(await openTask(summary.name)).toMatchObject(summary);
      expect(bytes).toBeGreaterThan(10_000);
    }
    expect(listTasks().map(({ name }) => name)).toEqual(TASK_NAMES);
  });

  test('a file of another kind is wrong use', async () => {
    await expect(openTask('reviews.xlsx')).rejects.toMatchObject({ option: 'task', name: 'UserError' });
  });

  test('a misspelt name is wrong use, with the nearest right name', async () => {
    const error = await openTask('agnew').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ option: 'task', message: expect.stringContaining('nearest name is "agnews"') });
  });
});
