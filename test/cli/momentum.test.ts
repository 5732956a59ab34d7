import { expect, test } from 'vitest';
import { dualform, newFolder, startDualform } from './dualform.ts';

const few = ['momentum', '--tasks', 'markov-chain,linear-regression', '--etas', '0.5', '--seeds', '1,2'];
const tiny = [...few, '--batch', '2', '--hidden-size', '8', '--heads', '2', '--tests', '4', '--out', 'study'];

test('tables for people, with findings; a second call shows them again', async () => {
  const cwd = await newFolder();
  const { stdout, stderr, exitCode } = await dualform([...tiny, '--steps', '3'], { cwd });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^plain attention( +\d\.\d{3}){2} +\d\.\d{4}$/m);
  expect(stdout).toMatch(/^eta 0\.5 +[+-]?\d\.\d{3} \(-?\d\.\d{3} to -?\d\.\d{3}\)/m);
  expect(stdout).toMatch(/^counts of pairs \(Bayes\) +\d\.\d{4}$/m);
  expect(stdout).toMatch(/^Tasks in context \(3 columns, 2 seeds\): eta 0\.5 better in \d, worse in \d\.$/m);
  expect(stdout).toMatch(/Tables, curves and figures are in study\.\n$/);
  expect(stderr).toContain('steps');

  const again = await dualform([...tiny, '--steps', '3', '--json'], { cwd });
  expect(again.stderr).toContain('this study was finished earlier');
  const json = JSON.parse(again.stdout);
  expect(json).toMatchObject({ schema: 'dualform.momentum/1', etas: [0, 0.5], seeds: [1, 2] });
  expect(Object.keys(json.timing.seconds)).toContain('markov-chain');

  const other = await dualform([...tiny, '--steps', '4', '--quiet'], { cwd });
  expect(other.stderr).toMatch(/^dualform: .*holds a run of another plan: tasks.linear-regression.training.steps is 3/);
  expect({ stdout: other.stdout, exitCode: other.exitCode }).toEqual({ stdout: '', exitCode: 1 });
});

test('--dry-run says what would be trained and leaves nothing', async () => {
  const cwd = await newFolder();
  const { stdout, exitCode } = await dualform([...tiny, '--steps', '1000', '--dry-run', '--json', '--quiet'], { cwd });
  expect(exitCode).toBe(0);
  const estimate = JSON.parse(stdout);
  expect(estimate.tasks).toMatchObject([
    { task: 'linear-regression', models: 4, tokens: 4 * 1000 * 2 * 17 },
    { task: 'markov-chain', models: 4, tokens: 4 * 1000 * 2 * 31 },
  ]);
  expect(estimate.seconds).toBeGreaterThan(0);
});

test('Ctrl-C stops with 130 and says how to go on', async () => {
  const cwd = await newFolder();
  const running = startDualform([...tiny, '--steps', '100000', '--json'], { cwd });
  await new Promise<void>(resolve => {
    running.stderr.on('data', text => /training {2}[1-9]/.test(String(text)) && resolve());
    running.finally(resolve);
  });
  running.kill('SIGINT');
  const { exitCode, stdout, stderr } = await running;
  expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' });
  expect(stderr.trimEnd().split('\n').at(-1)).toBe(
    'dualform: interrupted with 0 of 8 models trained, kept in study; the same command resumes from there',
  );
});

test.each([
  [['--etas', '0.5,1'], '--etas 0.5,1: must be numbers from 0 to below 1, or learned, as in 0.01,0.5,learned'],
  [['--tasks', 'regression'], 'did you mean linear-regression?'],
  [['--preset', 'smal'], 'did you mean small?'],
  [['--etass', '0.1'], 'the nearest option is --etas'],
])('%j is refused on one line', async (args, message) => {
  const { stdout, stderr, exitCode } = await dualform(['momentum', ...args, '--quiet'], { cwd: await newFolder() });
  expect(stderr).toMatch(/^dualform: [^\n]+\n$/);
  expect(stderr).toContain(message);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
});
