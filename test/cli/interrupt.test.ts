import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dualform, newFolder, startDualform } from './dualform.ts';

test('Ctrl-C stops with 130 and says how to go on; nothing is on stdout', async () => {
  const folder = await newFolder();
  const args = ['run', '--shots', '2', '--limit', '800', '--settings', 'zero-shot', '--out', 'run', '--json'];
  const running = startDualform(args, { cwd: folder });
  await new Promise<void>(resolve => {
    running.stderr.on('data', text => String(text).includes('evaluation') && resolve());
    running.finally(resolve);
  });
  running.kill('SIGINT');
  const { exitCode, stdout, stderr } = await running;
  expect(exitCode).toBe(130);
  expect(stdout).toBe('');
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
    /^dualform: interrupted with \d+ of 800 examples stored in run; the same command resumes from there$/,
  );
  const changed = await dualform([...args, '--limit', '700', '--out', join(folder, 'run')], { cwd: folder });
  expect(changed.stderr).toContain('holds a run of another plan');
  expect(changed.exitCode).toBe(1);
});
