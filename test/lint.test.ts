import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import pkg from '../package.json' with { type: 'json' };

// As tests they are counted in the last line of `npm test`, and all are run where one fails.
describe('npm run lint', () => {
  test.concurrent.each(pkg.scripts.lint.split(' && '))('%s', { timeout: 300_000 }, async command => {
    const [program, ...args] = command.split(' ') as [string, ...string[]];
    const { exitCode, all } = await execa(program, args, { preferLocal: true, all: true, reject: false });
    expect(exitCode, all).toBe(0);
  });
});
