import { describe, expect, test } from 'vitest';
import { UserError } from '../error.ts';
import { openTask } from './open-task.ts';
import type { Task } from './task.ts';
import { findWarnings, withoutLeaks } from './warnings.ts';

function taskOf(train: string, evaluation: string): Task {
  const rows = (texts: string) => Array.from(texts, (text, id) => ({ id, fields: { text }, label: id % 2 }));
  const [read, evaluated] = [rows(train), rows(evaluation)];
  const task = {
    ...{ name: 'own', title: 'own', licence: null, digest: 'd', template: '{text}:', fields: ['text'] },
    ...{ labels: [' a', ' b'], defaultShots: 1, trainRows: read.length, evaluationRows: evaluated.length },
    prompt: ({ fields }: (typeof read)[number]) => `${fields.text}:`,
    train: () => read,
    evaluation: () => evaluated,
  };
  return { ...task, warnings: findWarnings(task) };
}

describe('evaluation rows that are training rows too', () => {
  test('are told, and left out when that is asked; the others keep their order', () => {
    const task = taskOf('abc', 'xbyaz');
    expect(task.warnings).toEqual(['2 of 5 evaluation rows are training rows too; `excludeLeaks` leaves them out']);
    const { task: without, excluded } = withoutLeaks(task);
    expect(excluded).toBe(2);
    expect(without.evaluationRows).toBe(3);
    expect(without.evaluation().map(({ id }) => id)).toEqual([0, 2, 4]);
    // Rows 0, 2 and 4 all have the first label.
    expect(without.warnings).toEqual(['no evaluation row has the label "b"']);
    expect(without.digest).toBe(task.digest);
  });

  test('are none in a task without them, which stays as it is', () => {
    const task = taskOf('abc', 'xyz');
    expect(task.warnings).toEqual([]);
    expect(withoutLeaks(task)).toEqual({ task, excluded: 0 });
    expect(withoutLeaks(task).task).toBe(task);
  });

  test('cannot be all', () => {
    expect(() => withoutLeaks(taskOf('abc', 'ab'))).toThrow(UserError);
    expect(() => withoutLeaks(taskOf('abc', 'ab'))).toThrow(/^excludeLeaks: every evaluation row of task own/);
  });

  test.each([
    ['sst2', []],
    ['sst5', ['2 of 1101 evaluation rows are training rows too; `excludeLeaks` leaves them out']],
    ['mr', []],
    ['subj', []],
    ['agnews', []],
    ['cb', []],
  ])('of the embedded task %s', async (name, warnings) => {
    expect((await openTask(name)).warnings).toEqual(warnings);
  });
});
