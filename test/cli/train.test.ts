import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LETTERS } from '../run/tiny.ts';
import { CORPUS } from '../train/tiny.ts';
import { dualform, newFolder, startDualform } from './dualform.ts';

const size = ['--layers', '2', '--heads', '2', '--hidden-size', '16', '--vocabulary', '300', '--context', '64'];
const train = ['train', '--corpus', CORPUS, ...size, '--batch', '4', '--threads', '1'];

test('prints one document, and what it made is a model for the other commands', async () => {
  const cwd = await newFolder();
  const { stdout, stderr, exitCode } = await dualform([...train, '--steps', '8', '--out', 'run', '--json'], { cwd });
  expect(exitCode).toBe(0);
  const { timing, provenance, ...result } = JSON.parse(stdout);
  expect(result).toEqual(JSON.parse(await readFile(join(cwd, 'run/result.json'), 'utf8')));
  expect({ timing, provenance }).toEqual(JSON.parse(await readFile(join(cwd, 'run/provenance.json'), 'utf8')));
  expect(stderr).toMatch(/^training {2}1\/8 steps/m);

  const scored = await dualform(['score', '--model', 'run', '--prompt', 'a b', '--labels', ' c, d', '--json'], { cwd });
  expect(scored.exitCode).toBe(0);
  const traced = await dualform(['trace', '--model', 'run', '--text', 'First Citizen', '--out', 'trace'], { cwd });
  expect(traced.exitCode).toBe(0);
  const task = ['--task', LETTERS, '--shots', '1', '--learning-rate', '0.01', '--limit', '4'];
  const ran = await dualform(['run', '--model', 'run', ...task, '--out', 'task', '--json', '--quiet'], { cwd });
  expect(JSON.parse(ran.stdout).model).toMatchObject({ name: 'run', family: 'gpt2', layers: 2 });
});

test('Ctrl-C saves a checkpoint, stops with 130 and says how to go on', async () => {
  const cwd = await newFolder();
  const args = [...train, '--steps', '4000', '--out', 'run', '--json'];
  const running = startDualform(args, { cwd });
  await new Promise<void>(resolve => {
    running.stderr.on('data', text => String(text).includes('training') && resolve());
    running.finally(resolve);
  });
  running.kill('SIGINT');
  const { exitCode, stdout, stderr } = await running;
  expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' });
  const last = stderr.trimEnd().split('\n').at(-1)!;
  const [, step] =
    /^dualform: interrupted after step (\d+) of 4000, stored in run; the same command resumes from there$/.exec(last)!;
  const log = (await readFile(join(cwd, 'run/train.jsonl'), 'utf8')).trimEnd().split('\n');
  expect(log.length).toBeGreaterThanOrEqual(Number(step));

  const again = startDualform(args, { cwd });
  await new Promise<void>(resolve => {
    again.stderr.on('data', text => String(text).includes('training') && resolve());
    again.finally(resolve);
  });
  again.kill('SIGTERM');
  const [, later] = /after step (\d+) of 4000/.exec((await again).stderr)!;
  expect(Number(later)).toBeGreaterThan(Number(step));
});

test('--dry-run says what it would take and writes nothing', async () => {
  const cwd = await newFolder();
  const args = [...train, '--steps', '8', '--dry-run'];
  const { stdout, exitCode } = await dualform([...args, '--json'], { cwd });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ schema: 'dualform.train-estimate/1', plan: { steps: 8 } });
  expect((await dualform(args, { cwd })).stdout).toMatch(/parameters, 8 steps on corpus.txt: nothing was computed/);
  expect(await readdir(cwd)).toEqual([]);
});

test.runIf(process.platform !== 'win32')(
  'a limit on the size of files is one line, and no end of the way',
  async () => {
    const cwd = await newFolder();
    const args = [...train, '--steps', '8', '--out', 'run', '--quiet'];
    const limited = await startDualform(args, { cwd, shell: 'ulimit -f 40' });
    expect(limited).toMatchObject({ exitCode: 1, stdout: '' });
    expect(limited.stderr).toMatch(/^dualform: .*state.safetensors: the file is too large .*ulimit -f.*\n$/);
    expect((await dualform(args, { cwd })).exitCode).toBe(0);
  },
);
