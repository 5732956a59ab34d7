import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolders } from './make-folders.ts';

const scratch = () => mkdtempSync(join(tmpdir(), 'dualform-folders-'));

test('makes what is missing, by two callers at once, and leaves what is there', async () => {
  const folder = join(scratch(), 'a', 'b', 'c');
  await Promise.all([makeFolders(folder), makeFolders(folder)]);
  await makeFolders(folder);
  expect(statSync(folder).isDirectory()).toBe(true);
  await makeFolders('/');
});

test('refuses a file in the place of a folder, or above it', async () => {
  const file = join(scratch(), 'file');
  writeFileSync(file, '');
  await expect(makeFolders(file)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolders(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test.runIf(existsSync('/proc/self'))('refuses to make one where none can be', async () => {
  await expect(makeFolders('/proc/none/below')).rejects.toMatchObject({ code: 'ENOENT' });
});
