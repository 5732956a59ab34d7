/**
 * @file Users without a home directory, as containers have them: what is needed is named in one
 * line.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { newFolder } from './dualform.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const tiny = fileURLToPath(new URL('../fixtures/tiny-model/', import.meta.url));
const score = ['score', '--model', tiny, '--prompt', 'a', '--labels', 'b,c', '--threads', '1', '--quiet'];

/**
 * Runs the command line as a user id that is in no list of users, with this environment and
 * nothing else.
 */
function asNobody(args: readonly string[], env: Readonly<Record<string, string>>) {
  const user = ['--reuid=12345', '--regid=12345', '--clear-groups', process.execPath, main];
  return execa('setpriv', [...user, ...args], {
    ...{ reject: false, extendEnv: false, cwd: '/', stdin: 'ignore' },
    env: { PATH: process.env.PATH!, ...env },
  });
}

const possible = (await asNobody(['--version'], {})).exitCode === 0;
if (!possible) console.warn('skipped: cannot run this checkout as another user (setpriv as root, a readable folder)');

describe.skipIf(!possible)('a user without a home directory', () => {
  test('works with DUALFORM_CACHE', async () => {
    const cache = join(await newFolder(), 'cache');
    mkdirSync(cache);
    chmodSync(join(cache, '..'), 0o755);
    chmodSync(cache, 0o777);
    const { stdout, stderr, exitCode } = await asNobody([...score, '--json'], { DUALFORM_CACHE: cache });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).labels.length).toBe(2);
    expect(exitCode).toBe(0);
  });

  test.each([
    ['a model in a folder', score, 'DUALFORM_CACHE'],
    [
      'a model of the hub',
      ['score', '--model', 'org/name', '--prompt', 'a', '--labels', 'b,c', '--offline', '--quiet'],
      'HF_HOME',
    ],
  ])('is told in one line which variable to set, for %s', async (_, args, variable) => {
    const { stderr, exitCode } = await asNobody(args, {});
    expect(stderr).toMatch(
      new RegExp(`^dualform: there is no home directory: HOME is not set; set the environment variable ${variable} `),
    );
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(exitCode).toBe(1);
  });

  test('and one whose home cannot be written are told by doctor too', async () => {
    const none = await asNobody(['doctor', '--json'], {});
    const cache = JSON.parse(none.stdout).checks.find(({ name }: { name: string }) => name === 'cache folder');
    expect(cache).toMatchObject({ ok: false, found: expect.stringContaining('DUALFORM_CACHE') });
  });

  test('that cannot be written: the embedded model names the folder and the variable', async () => {
    const { stderr, exitCode } = await asNobody(['score', '--prompt', 'a', '--labels', ' b, c', '--quiet'], {
      HOME: '/',
    });
    expect(stderr).toMatch(/^dualform: \/\.cache\/dualform\/weights: permission denied; .*DUALFORM_CACHE/);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(exitCode).toBe(1);
  });
});
