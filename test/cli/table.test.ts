import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { dualform, goldenFile, newFolder } from './dualform.ts';

const model = goldenFile('fairseq/model.pt');
const letters = fileURLToPath(new URL('../fixtures/tiny-tasks/letters.jsonl', import.meta.url));
const tiny = fileURLToPath(new URL('../fixtures/tiny-model', import.meta.url));
const small = ['--model', model, '--preset', 'paper:1.3B', '--shots', '2', '--limit', '2', '--threads', '1'];

test("the paper's tables for people and for programs", async () => {
  const cwd = await newFolder();
  const args = ['table', ...small, '--tasks', 'cb,sst2', '--out', 'tables'];
  const text = await dualform(args, { cwd });
  expect(text.stderr).toContain('sst2, task 2 of 2');
  const lines = text.stdout.split('\n');
  expect(lines[0]).toBe('fairseq (fairseq_gpt, 2 layers, hidden size 32), next to fairseq-dense-1.3B');
  expect(lines.filter(line => /^Table \d/.test(line)).map(line => line.slice(0, 8))).toEqual(
    [1, 2, 3, 4, 5].map(number => `Table ${number}.`),
  );
  expect(lines).toContainEqual(expect.stringMatching(/^in-context +cb +[\d.]+ +57\.1 +[+-][\d.]+$/));
  expect(lines).toContainEqual(
    expect.stringMatching(/^SimAM, before finetuning +cb +-?0\.\d{3} +0\.152 +[+-]?0\.\d{3} +0\.152 +[+-]?0\.\d{3}$/),
  );
  expect(lines).toContain('cb: 2 demonstrations, seed 3, learning rate 0.08, 2 rows, in tables/cb');
  expect(lines).toContain(
    "The paper's demonstrations cannot be repeated on sst2 (GLUE's training rows in another order); they can be repeated on cb.",
  );
  expect(lines).toContainEqual(
    expect.stringMatching(/^Choices that differ from the paper's: model fairseq .*; shots 2 for 19 \(cb\); .*float16/),
  );
  expect(text.exitCode).toBe(0);

  const json = await dualform([...args, '--json', '--quiet'], { cwd });
  expect(json.stderr).toBe('');
  const table = JSON.parse(json.stdout);
  expect(table).toMatchObject({ schema: 'dualform.table/1', tasks: ['cb', 'sst2'], preset: { size: '1.3B' } });
  expect(table.notes).toContainEqual(expect.stringMatching(/^The paper's demonstrations cannot be repeated on sst2/));
  const cb = JSON.parse(await readFile(join(cwd, 'tables/cb/paper.json'), 'utf8'));
  expect(table.tables[0].rows[2].entries[0]).toMatchObject({
    task: 'cb',
    measured: cb.figures[2].measured,
    paper: 0.571,
  });
});

test('without a preset: measured numbers', async () => {
  const args = ['--model', tiny, '--tasks', letters, '--learning-rate', '0.1', '--limit', '4', '--shots', '2'];
  const { stdout, exitCode } = await dualform(['table', ...args, '--threads', '1', '--out', await newFolder()]);
  expect(stdout).toMatch(/^ +task +measured\nzero-shot +letters +[\d.]+\n/m);
  expect(stdout).not.toMatch(/paper|difference/i);
  expect(exitCode).toBe(0);
});

test('dualform run --preset sets one task next to the paper', async () => {
  const cwd = await newFolder();
  const args = ['run', ...small, '--task', 'mr', '--out', 'run'];
  const json = JSON.parse((await dualform([...args, '--json'], { cwd })).stdout);
  const { paper, ...contract } = json;
  expect(paper).toMatchObject({ schema: 'dualform.paper/1', preset: { size: '1.3B' }, task: 'mr' });

  const { stdout } = await dualform(args, { cwd });
  expect(stdout).toMatch(/^SimAOU +-?0\.\d{3} +0\.222 +[+-]?0\.\d{3} +0\.221 +[+-]?0\.\d{3}$/m);

  const typed = ['--seed', '5', '--learning-rate', '0.003', '--shots', '2', '--tap', 'label', '--limit', '2'];
  const plain = await dualform(['run', '--model', model, '--task', 'mr', ...typed, '--out', 'run', '--json'], { cwd });
  expect(JSON.parse(plain.stdout)).toEqual(contract);
});

test.each([
  [['table', '--tasks', 'mr,sst3'], 'the nearest name is "sst2"'],
  [['table', '--tasks', 'mr,,cb'], '--tasks mr,,cb: must not be empty'],
  [['table', '--tasks', 'mr,mr', '--limit', '1'], '--tasks: mr appears twice'],
  [['table', '--preset', 'paper:1.7B'], 'did you mean paper:1.3B? (choose from paper, paper:1.3B, paper:2.7B)'],
  [
    ['table', '--preset', 'paper', '--model', model],
    '--preset paper: fairseq (fairseq_gpt, 2 layers, hidden size 32) is none',
  ],
  [['run', '--preset', 'paper', '--model', model, '--task', 'cb'], 'name the one whose settings you want'],
])('%j is refused on one line', async (args, message) => {
  const { stdout, stderr, exitCode } = await dualform([...args, '--quiet'], { cwd: await newFolder() });
  expect(stderr).toMatch(/^dualform: [^\n]+\n$/);
  expect(stderr).toContain(message);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
});
