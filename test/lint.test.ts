import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import pkg from '../package.json' with { type: 'json' };

// As tests they are counted in the last line of `npm test`, and all are run where one fails.
describe('npm run lint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-lint-'));
  let tarball: string;
  beforeAll(async () => {
    await execa('npm', ['pack', '--silent', '--pack-destination', folder]);
    tarball = join(folder, readdirSync(folder)[0]!);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The same command, with the package that was packed once for all and on the one core of this worker. */
  const cheaper = (command: string) =>
    command
      .replace(/^publint$/, `publint ${tarball}`)
      .replace(/^attw --pack \. /, `attw ${tarball} `)
      .replace(/^tsc /, 'tsc --singleThreaded ');

  test.concurrent.each(pkg.scripts.lint.split(' && '))('%s', { timeout: 300_000 }, async command => {
    const [program, ...args] = cheaper(command).split(' ') as [string, ...string[]];
    const { exitCode, all } = await execa(program, args, { preferLocal: true, all: true, reject: false });
    expect(exitCode, all).toBe(0);
  });
});
