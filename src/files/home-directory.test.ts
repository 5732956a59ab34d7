import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { UserError } from '../error.ts';
import { cacheDirectory, makeCacheFolder } from './cache-directory.ts';
import { atHome } from './home-directory.ts';

afterEach(() => vi.unstubAllEnvs());

test('a path at home is the path; without a home the remedy is named', () => {
  expect(atHome(() => join(homedir(), 'x'), 'do this')).toBe(join(homedir(), 'x'));
  const failures = [
    () => {
      throw new Error('uv_os_homedir returned ENOENT');
    },
    // HOME is set, to nothing.
    () => '.cache',
  ];
  for (const fail of failures) {
    expect(() => atHome(fail, 'do this')).toThrow(UserError);
    expect(() => atHome(fail, 'do this')).toThrow('there is no home directory: HOME is not set; do this');
  }
});

// Elsewhere the system's place does not depend on these variables.
describe.skipIf(process.platform !== 'linux')('the cache directory', () => {
  test('is that of DUALFORM_CACHE, else of the system', () => {
    vi.stubEnv('DUALFORM_CACHE', '/a/b');
    expect(cacheDirectory()).toBe('/a/b');
    vi.stubEnv('DUALFORM_CACHE', '');
    vi.stubEnv('XDG_CACHE_HOME', '/c');
    expect(cacheDirectory()).toBe('/c/dualform');
    vi.stubEnv('XDG_CACHE_HOME', undefined);
    vi.stubEnv('HOME', '/home/me');
    expect(cacheDirectory()).toBe('/home/me/.cache/dualform');
    vi.stubEnv('HOME', '');
    expect(() => cacheDirectory()).toThrow(/no home directory.*DUALFORM_CACHE/);
  });

  test('that cannot be written is named with what to do', async () => {
    await expect(makeCacheFolder('/sys/dualform')).rejects.toThrow(/^\/sys\/dualform: .*; or set .*DUALFORM_CACHE/);
  });
});
