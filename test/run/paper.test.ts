/** The paper's settings end to end, with a fairseq file of two layers. */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { Interrupted } from '../../src/run/interrupted.ts';
import { PAPER_FIGURES, paperTasks } from '../../src/run/paper/paper.ts';
import { runTable } from '../../src/run/paper/table.ts';
import { prepare } from '../../src/run/prepare.ts';
import { digests, LETTERS, scratch, shareRuns, TINY_MODEL, tinyRun, WORDS } from './tiny.ts';

vi.mock('../../src/checkpoint/open.ts', { spy: true });

const model = fileURLToPath(new URL('../golden/fairseq/', import.meta.url));
const runShared = shareRuns();
const paperRun = { model, preset: 'paper:1.3B', task: 'mr', limit: 3, threads: 1 } as const;

const read = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

describe('a run with a preset', () => {
  test('takes the choices of the paper and says what it found next to the paper', async () => {
    const out = join(scratch(), 'run');
    const { result, paper } = await runShared({ ...paperRun, out });

    expect(result.task).toMatchObject({ seed: 5, shots: 32, shotsAsked: 32, template: 'code', examples: 3 });
    expect(result.task.demonstrations.slice(0, 5)).toEqual([6683, 1463, 3429, 4905, 1727]);
    expect(result.finetuning.learningRate).toBe(0.003);
    expect(read(out, 'plan.json')).toMatchObject({ tap: 'label', bos: 0, separator: [2] });

    expect(read(out, 'paper.json')).toEqual(paper);
    expect(paper).toMatchObject({
      schema: 'dualform.paper/1',
      signature: result.signature,
      preset: { size: '1.3B', model: 'fairseq-dense-1.3B' },
      settings: { seed: 5, learningRate: 0.003, shots: 32, examples: 1066 },
      trainingRows: { asPublished: true },
      sameDemonstrations: true,
    });
    expect(paper!.departures.map(({ choice }) => choice)).toEqual(['model', 'evaluation rows', 'arithmetic']);

    expect(paper!.figures.map(({ name }) => name)).toEqual(PAPER_FIGURES.map(({ name }) => name));
    const of = (name: string) => paper!.figures.find(figure => figure.name === name)!;
    expect(of('accuracy.in-context')).toMatchObject({ table: 1, measured: result.accuracy['in-context'], paper: 0.89 });
    expect(of('rec2ftp')).toMatchObject({
      paper: 97.08,
      reproduction: { value: 97.16, numerator: 137, denominator: 141 },
    });
    expect(of('simAM.zeroShot')).toMatchObject({ measured: result.simAM.zeroShot.value, paper: 0.398 });
    const { measured, difference, reproduction } = of('simAOU');
    expect(measured).toBe(result.simAOU.value);
    expect(difference).toBeCloseTo(measured! - 0.222, 12);
    expect(reproduction!.difference).toBeCloseTo(measured! - 0.2214, 12);
    expect(reproduction).toMatchObject({ largestLayerDifference: null });
    expect(reproduction!.perLayer).toHaveLength(24);
  });

  test('has the same numbers in the same bytes as a run of the same choices, which has no paper.json', async () => {
    const [typed, preset] = [join(scratch(), 'run'), join(scratch(), 'run')];
    const { paper } = await runShared({
      ...{ model, task: 'mr', limit: 3, threads: 1, out: typed },
      ...{ seed: 5, learningRate: 0.003, shots: 2, tap: 'label' },
    });
    expect(paper).toBeUndefined();
    expect(existsSync(join(typed, 'paper.json'))).toBe(false);
    await runShared({ ...paperRun, shots: 2, out: preset });
    expect(digests(preset)).toEqual(digests(typed));

    // Finished without a preset: it is set next to the paper without being computed again.
    const again = await runShared({ ...paperRun, shots: 2, out: typed, onProgress: () => expect.fail('computes') });
    expect(again.found).toBe(3);
    expect(readFileSync(join(typed, 'paper.json'))).toEqual(readFileSync(join(preset, 'paper.json')));
  });

  test('what is typed goes before, and is told', async () => {
    const typed = {
      seed: 2,
      learningRate: 0.5,
      shots: 4,
      tap: 'prompt-end',
      separator: '\n',
      template: 'paper',
    } as const;
    const { plan, preset } = await prepare({ model, preset: 'paper:2.7B', task: 'cb', ...typed });
    const { seed, learningRate, shots, tap, task } = plan;
    expect({ seed, learningRate, shots, tap }).toEqual({ seed: 2, learningRate: 0.5, shots: 4, tap: 'prompt-end' });
    expect(task.template).toBe('paper');
    expect(preset!.settings).toMatchObject({ seed: 3, learningRate: 0.01, shots: 19 });
    const { paper } = await runShared({ ...paperRun, task: 'cb', ...typed, limit: 2, out: join(scratch(), 'run') });
    expect(paper).toMatchObject({ trainingRows: { asPublished: true }, sameDemonstrations: false });
    expect(paper!.departures.slice(1)).toEqual([
      { choice: 'seed', here: '2', paper: '3' },
      { choice: 'learning rate', here: '0.5', paper: '0.08' },
      { choice: 'shots', here: '4', paper: '19' },
      { choice: 'template', here: 'paper', paper: 'code' },
      { choice: 'tap', here: 'prompt-end', paper: 'label' },
      { choice: 'evaluation rows', here: '2', paper: '56' },
      { choice: 'arithmetic', here: 'float32', paper: 'float16' },
    ]);
  });

  test('rows of the own under the name of a task', async () => {
    const folder = scratch();
    copyFileSync(LETTERS, join(folder, 'mr.jsonl'));
    copyFileSync(LETTERS.replace('.jsonl', '.task.json'), join(folder, 'mr.task.json'));
    const { paper } = await runShared({
      ...{ ...paperRun, task: join(folder, 'mr.jsonl'), model: TINY_MODEL, shots: 2, out: join(folder, 'run') },
    });
    expect(paper).toMatchObject({
      trainingRows: { asPublished: null, why: 'rows of your own' },
      sameDemonstrations: false,
    });
    const departures = Object.fromEntries(paper!.departures.map(({ choice, here }) => [choice, here]));
    expect(departures).toMatchObject({ template: 'your own', shots: '2' });
    expect(departures['label words']).toBeDefined();
  });

  test('a task that the paper does not have is refused', async () => {
    await expect(prepare({ model, preset: 'paper:1.3B', task: LETTERS })).rejects.toThrow(
      'the paper has no task letters',
    );
  });
});

describe('a table', () => {
  const tableOptions = { model, preset: 'paper:1.3B', limit: 2, threads: 1 } as const;

  test('of all six tasks, of a model that is opened once; what is finished is not computed again', async () => {
    const out = scratch();
    const begun: string[] = [];
    const opened = vi.mocked(openCheckpoint).mock.calls.length;
    const table = await runTable({
      ...tableOptions,
      out,
      onTask: (task, i, count) => begun.push(`${task} ${i}/${count}`),
    });
    expect(vi.mocked(openCheckpoint).mock.calls.length - opened).toBe(1);
    expect(begun).toEqual(paperTasks.map((task, i) => `${task} ${i}/6`));
    expect(readdirSync(out).toSorted()).toEqual([...paperTasks].toSorted());
    expect(table).toMatchObject({ schema: 'dualform.table/1', tasks: paperTasks, preset: { size: '1.3B' } });
    expect(table.tables.map(({ number, rows }) => [number, rows.length])).toEqual([
      [1, 3],
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 2],
    ]);
    for (const { rows } of table.tables) {
      for (const { name, entries, average } of rows) {
        const figure = PAPER_FIGURES.find(each => each.name === name)!;
        for (const [i, { task, measured, paper, difference }] of entries.entries()) {
          expect(paper).toBeCloseTo(figure.printed['1.3B'][i]! / (figure.table === 1 ? 100 : 1), 10);
          if (measured !== null) expect(difference).toBeCloseTo(measured - paper!, 12);
          const beside = read(join(out, task), 'paper.json').figures.find(
            (each: { name: string }) => each.name === name,
          );
          expect(beside).toMatchObject({ measured, paper, difference });
        }
        expect(average?.paper).toBe(figure.average?.['1.3B']);
        if (average === undefined || average.measured === null) continue;
        const mean = entries.reduce((sum, { measured }) => sum + measured!, 0) / 6;
        expect(average.measured).toBeCloseTo(mean, 12);
      }
    }
    expect(table.tables[4]!.rows[1]!.average!.measured).not.toBeNull();
    const same = table.runs.filter(({ sameDemonstrations }) => sameDemonstrations).map(({ task }) => task);
    expect(same).toEqual(['sst5', 'mr', 'cb']);
    expect(table.runs.map(({ shots }) => shots)).toEqual([32, 32, 32, 32, 22, 19]);

    const again = await runTable({ ...tableOptions, out, onProgress: ({ stage }) => expect(stage).toBe('load') });
    expect(again).toEqual(table);
  });

  test('that was interrupted resumes', async () => {
    const [whole, broken] = [scratch(), scratch()];
    const options = { ...tableOptions, tasks: ['cb', 'mr'], shots: 2 };
    const expected = await runTable({ ...options, out: whole });
    const interrupt = new AbortController();
    const stopped = runTable({
      ...{ ...options, out: broken, signal: interrupt.signal },
      onTask: task => task === 'mr' && interrupt.abort(),
    });
    await expect(stopped).rejects.toBeInstanceOf(Interrupted);
    expect(readdirSync(broken)).toEqual(['cb']);
    const { tables } = await runTable({ ...options, out: broken });
    expect(tables).toEqual(expected.tables);
  });

  test('of two tasks has no average next to those of six', async () => {
    const { tables } = await runTable({
      ...tableOptions,
      tasks: ['cb', 'mr'],
      settings: ['zero-shot'],
      out: scratch(),
    });
    expect(tables[1]!.rows[0]!.entries[0]).toMatchObject({
      measured: null,
      difference: null,
      why: 'needs the settings zero-shot, in-context and finetuned',
    });
    for (const { rows } of tables) for (const row of rows) expect(row).not.toHaveProperty('average');
  });

  test('without a preset has measured numbers alone, of any tasks', async () => {
    const { model: tiny, learningRate, batchSize } = tinyRun;
    const out = scratch();
    const table = await runTable({ model: tiny, tasks: [LETTERS, WORDS], learningRate, batchSize, limit: 4, out });
    expect(table).toMatchObject({ preset: null, tasks: ['letters', 'words'] });
    expect(table).not.toHaveProperty('sources');
    expect(readdirSync(join(out, 'letters'))).not.toContain('paper.json');
    const [, , simAOU] = table.tables;
    const [, { entries, average }] = simAOU!.rows as [unknown, (typeof simAOU & object)['rows'][number]];
    expect(entries.map(each => Object.keys(each))).toEqual([
      ['task', 'measured'],
      ['task', 'measured'],
    ]);
    const measured = entries.map(each => each.measured!);
    expect(measured).toEqual(['letters', 'words'].map(task => read(join(out, task), 'result.json').simAOU.value));
    expect(average).toEqual({ measured: (measured[0]! + measured[1]!) / 2 });
  });

  test('with a task that is wrong computes nothing', async () => {
    const out = join(scratch(), 'table');
    await expect(runTable({ ...tableOptions, tasks: ['mr', LETTERS], out })).rejects.toThrow('has no task letters');
    await expect(runTable({ ...tableOptions, tasks: ['mr', 'mr'], out })).rejects.toThrow('mr appears twice');
    await expect(runTable({ ...tableOptions, tasks: [], out })).rejects.toThrow('tasks');
    expect(existsSync(out)).toBe(false);
  });

  test('a folder that holds something else is named', async () => {
    const out = scratch();
    writeFileSync(join(out, 'cb'), '');
    await expect(runTable({ ...tableOptions, tasks: ['cb'], out })).rejects.toThrow(join(out, 'cb'));
  });
});
